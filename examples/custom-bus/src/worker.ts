// The worker, in a process of its own: applies what stands in the directory it is given, tells the features when asked.
import { AxiomWorker } from "@fabra/worker"
import { lastCents, purchases, store, totalCents } from "./features.js"
import { FileEventBus } from "./file-event-bus.js"

const [directory = ""] = process.argv.slice(2)
const bus = new FileEventBus({ directory })
const worker = new AxiomWorker(store, { bus, batchSize: 500 })
const running = worker.run()

process.on("message", async (customers: string[]) => {
  await worker.idle()
  const rows = await store.getFeatures([purchases, totalCents, lastCents], customers)
  process.send?.(
    rows.map(({ features }) => [features.purchases.value, features.total_cents.value, features.last_cents.value]),
  )
})
process.once("disconnect", () => worker.stop())

await running
await bus.close()
