// A worker in a process of its own, which tells on its last line how much memory it took. See measure.ts.

import { RedisFeatureCache } from "@fabra/cache-redis"
import { FeatureStore } from "@fabra/core"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import { RedisEventBus } from "../../src/index.js"
import type { MemoryCase, MemoryUse } from "./measure.js"

const { url, namespace, events, stuck } = JSON.parse(process.argv[2] ?? "") as MemoryCase & {
  url: string
  namespace: string
}
const MB = 1024 * 1024

const bus = new RedisEventBus({ url, namespace })
const store = new FeatureStore({ cache: new RedisFeatureCache({ url, namespace }) })
const User = store.entity("User", { key: "user_id" })
store.feature("total", {
  entity: User,
  trigger: "purchase",
  initial: 0,
  maxRetries: 100,
  compute: (id, event, { current }) => {
    if (Number(id.slice("user_".length)) < stuck) throw new Error("stuck")
    return current + (event.payload.amount as number)
  },
})

const expected = Number(process.argv[3])
let applied = 0
let failed = 0
const peak = { rss: 0, heap: 0 }
/** What is really held, not what awaits its collection. */
function measureHeap(): void {
  globalThis.gc?.()
  peak.heap = Math.max(peak.heap, process.memoryUsage().heapUsed)
}
const sampling = setInterval(() => {
  peak.rss = Math.max(peak.rss, process.memoryUsage.rss())
}, 20)

/** Where nothing can be applied, the worker has read as far as it will when nothing new fails. */
async function stopWhenFull(): Promise<void> {
  for (let before = -1; failed !== before; ) {
    before = failed
    await new Promise((resolve) => setTimeout(resolve, 4_000))
  }
  measureHeap()
  worker.stop()
}

const worker = new AxiomWorker(store, {
  bus,
  batchSize: 500,
  retryBaseMs: 5_000,
  retryMaxMs: 60_000,
  drainMs: 0,
  logger: silent,
  telemetry: {
    featureFailed: ({ attempt }) => {
      if (attempt === 1) failed++
    },
    eventApplied: () => {
      applied++
      if (applied % Math.ceil(expected / 20) === 0) setImmediate(measureHeap)
      if (applied === expected) worker.stop()
    },
  },
})
if (expected === 0) setTimeout(stopWhenFull, 4_000)
const start = performance.now()
await worker.run()
const seconds = (performance.now() - start) / 1000
measureHeap()
clearInterval(sampling)
const use: MemoryUse = {
  events,
  applied,
  seconds: Math.round(seconds * 10) / 10,
  peak_rss_mb: Math.round(peak.rss / MB),
  peak_heap_mb: Math.round((peak.heap / MB) * 10) / 10,
}
console.log(JSON.stringify(use))
process.exit(0)
