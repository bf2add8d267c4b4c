import { FeatureStore } from "@fabra/core"
import { createEvent, MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { aggregate, count, sum } from "../src/index.js"

const bus = new MemoryEventBus()
const store = new FeatureStore({ bus })
const User = store.entity("User", { key: "user_id" })
const spend = aggregate(store, "spend", {
  entity: User,
  trigger: "purchase",
  value: (event) => event.payload.amount as number,
  windows: ["1h", "30d", { every: "day", timeZone: "Europe/Berlin" }],
  aggregates: { sum: sum(), count: count() },
})

const worker = new AxiomWorker(store)
worker.run()
for (const amount of [99.99, 0.01]) {
  await bus.publish(createEvent({ eventType: "purchase", entityId: "user_123", payload: { amount } }))
}
await worker.idle()
console.log(await store.getFeature(spend.sum["1h"], "user_123")) // 100
await worker.stop()
