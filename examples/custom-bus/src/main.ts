// Publishes purchases from this process, lets a worker in another one apply them, and compares.
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { purchase } from "./features.js"
import { FileEventBus } from "./file-event-bus.js"

const EVENTS = 5_000
const CUSTOMERS = ["ada", "ben", "cleo", "dan", "eve", "finn"]
const BATCH = 100

const events = Array.from({ length: EVENTS }, (_, n) =>
  purchase.create({ entityId: CUSTOMERS[n % CUSTOMERS.length] ?? "", payload: { cents: (n * 7919) % 10_000 } }),
)

const directory = await mkdtemp(join(tmpdir(), "fabra-custom-bus-"))
const bus = new FileEventBus({ directory })
const worker = fork(fileURLToPath(new URL("./worker.ts", import.meta.url)), [directory])
const exit = once(worker, "exit")
try {
  const start = performance.now()
  let duplicates = 0
  for (let n = 0; n < EVENTS; n += BATCH) {
    // As a publisher does that never had the answer for its last event: it publishes that one again.
    for (const result of await bus.publish(events.slice(Math.max(0, n - 1), n + BATCH))) {
      if (!result.ok) throw result.error
      if (result.duplicate) duplicates++
    }
  }
  const published = performance.now()
  const applied = await askWorker()
  const rows = CUSTOMERS.map((customer, i) => {
    const own = events.filter(({ entityId }) => entityId === customer).map(({ payload }) => payload.cents)
    const cents = own.reduce((sum, value) => sum + value, 0)
    const expected = [own.length, cents, own.at(-1)]
    return { customer, purchases: applied[i]?.[0], cents: applied[i]?.[1], right: `${applied[i]}` === `${expected}` }
  })
  console.table(rows)
  const files = (await readdir(directory)).filter((name) => name.startsWith("partition-"))
  console.log(`${EVENTS} events by way of ${files.length} files, ${duplicates} of them published twice`)
  console.log(`published in ${seconds(published - start)}, all applied after ${seconds(performance.now() - start)}`)
  process.exitCode = rows.every(({ right }) => right) ? 0 : 1
} finally {
  if (worker.connected) worker.disconnect()
  await exit
  await bus.close()
  await rm(directory, { recursive: true })
}

/** Purchases, cents in all and cents of the last purchase of each customer, when the worker has applied everything. */
async function askWorker(): Promise<number[][]> {
  worker.send(CUSTOMERS)
  const gone = exit.then(([code]) => Promise.reject(new Error(`The worker ended with code ${code}.`)))
  const [answer] = await Promise.race([once(worker, "message"), gone])
  return answer
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
