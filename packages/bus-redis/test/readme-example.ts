import { createEvent } from "@fabra/events"
import { RedisEventBus } from "../src/index.js"

const bus = new RedisEventBus({ url: process.env.FABRA_REDIS_URL })

const event = createEvent({ eventType: "purchase", entityId: "user_123", payload: { amount: 99.99 } })
const first = await bus.publish(event)
const again = await bus.publish(event) // after a lost connection, say
console.log(again.duplicate, again.position === first.position) // true true
await bus.close()
