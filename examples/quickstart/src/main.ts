import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { lastPurchaseAmount, purchase, store, totalPurchases } from "../features.js"

const bus = new MemoryEventBus()
const worker = new AxiomWorker(store, { bus })
const running = worker.run()

for (const amount of [99.99, 5.5]) {
  await bus.publish(purchase.create({ entityId: "user_123", payload: { amount, product_id: "prod_456" } }))
}
await worker.idle() // all that has been published is applied

const { features } = await store.getFeatures([lastPurchaseAmount, totalPurchases], "user_123")
for (const [name, { value, status, eventTime }] of Object.entries(features)) {
  console.log(`${name} = ${value}  (${status}, of ${eventTime?.toISOString()})`)
}

await worker.stop()
await running // rejects if the worker had to give up
await bus.close()
