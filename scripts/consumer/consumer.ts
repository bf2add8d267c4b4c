import "@fabra/bus-redis"
import "@fabra/cache-redis"
import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { createEvent, defineEvent, MemoryEventBus } from "@fabra/events"
import "@fabra/testing"
import { AxiomWorker } from "@fabra/worker"

const store = new FeatureStore({ cache: new MemoryFeatureCache() })
const purchase = defineEvent<{ amount: number }>("purchase")
const User = store.entity("User", { key: "user_id" })
const total = store.feature("total_purchases", {
  entity: User,
  trigger: purchase,
  initial: 0,
  compute: (_id, event, { current }) => current + (event.payload.amount > 0 ? 1 : 0),
})

export async function main(): Promise<void> {
  const bus = new MemoryEventBus()
  const worker = new AxiomWorker(store, { bus })
  worker.run()
  await bus.publish(purchase.create({ entityId: "user_123", payload: { amount: 99.99 } }))
  await worker.idle()
  const value: number | undefined = await store.getFeature(total, "user_123")
  console.log(value, createEvent)
  await worker.stop()
}
