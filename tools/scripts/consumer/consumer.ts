import "@fabra/aggregates"
import "@fabra/bus-redis"
import "@fabra/cache-redis"
import "@fabra/embeddings-openai"
import { createClient } from "@fabra/client"
import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { createEvent, defineEvent, MemoryEventBus } from "@fabra/events"
import { createServer } from "@fabra/server"
import "@fabra/testing"
import "@fabra/offline-postgres"
import "@fabra/vector-pgvector"
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
  const server = createServer(store, { bus, port: 0 })
  const fabra = createClient<{ total: typeof total; purchase: typeof purchase }>(await server.listen())
  const { total_purchases } = await fabra.getFeatures(["total_purchases"], { user_id: "user_123" })
  const served: number = total_purchases.value
  console.log(value, served, createEvent)
  await server.close()
  await worker.stop()
}
