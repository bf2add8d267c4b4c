// Publishes purchases, applies them, and compares with the totals from before: start it again, and it goes on from there.
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { AxiomWorker } from "@fabra/worker"
import { FileEventBus } from "example-custom-bus/file-event-bus"
import { purchase, store, totalCents } from "./features.js"
import { LmdbFeatureCache } from "./lmdb-feature-cache.js"

const EVENTS = 3_000
const CUSTOMERS = ["ada", "ben", "cleo", "dan", "eve", "finn"]

const directory = process.argv[2] ?? ".fabra"
await mkdir(directory, { recursive: true })
// What outlives its process needs a bus that does too: marks in records are positions of the bus.
const bus = new FileEventBus({ directory: join(directory, "events") })
const cache = new LmdbFeatureCache({ path: join(directory, "features.mdb") })
const worker = new AxiomWorker(store, { bus, cache })
const running = worker.run()

const totals = async () => {
  const rows = await store.getFeatures([totalCents], CUSTOMERS)
  return rows.map(({ features }) => features.total_cents.value)
}

await worker.idle() // what an earlier start may have left
const before = await totals()
const events = Array.from({ length: EVENTS }, (_, n) =>
  purchase.create({ entityId: CUSTOMERS[n % CUSTOMERS.length] ?? "", payload: { cents: (n * 7919) % 10_000 } }),
)
const start = performance.now()
for (const result of await bus.publish(events)) if (!result.ok) throw result.error
await worker.idle()
const seconds = (performance.now() - start) / 1000

const after = await totals()
const rows = CUSTOMERS.map((customer, i) => {
  const own = events.filter(({ entityId }) => entityId === customer)
  const cents = own.reduce((sum, { payload }) => sum + payload.cents, 0)
  return { customer, before: before[i], cents, after: after[i], right: after[i] === (before[i] ?? 0) + cents }
})
console.table(rows)
console.log(`${EVENTS} events published and applied in ${seconds.toFixed(1)} s; all of it is in ${directory}`)

await worker.stop()
await running
await cache.close()
await bus.close()
process.exitCode = rows.every(({ right }) => right) ? 0 : 1
