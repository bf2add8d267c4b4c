import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { countProcessed } from "./count-processed.js"
import type { Engine } from "./engine.js"
import { purchaseCount, refundCount, store } from "./features.js"
import { claimNamespace, removeNamespace } from "./namespace.js"
import { WorkerProcesses } from "./worker-processes.js"

const DEDUPE_WINDOW_MS = 3_600_000

/** Where, and with how many workers. */
export interface RedisOptions {
  readonly url: string
  readonly namespace: string
  readonly workers: number
  /** Leave everything in Redis at the end. */
  readonly keep: boolean
  /** Where the first worker serves its metrics, each further one a port higher. */
  readonly metricsPort: number | undefined
  readonly group: string
  /** Whose features tell how far the workers are. */
  readonly customerIds: readonly string[]
  readonly say: (line: string) => void
}

/** Bus and cache on Redis, every worker in a process of its own. This process publishes and reads. */
export async function startOnRedis(options: RedisOptions): Promise<Engine> {
  const { url, namespace, workers, keep, metricsPort, group, customerIds, say } = options
  await claimNamespace(url, namespace)
  // Ids are remembered for an hour: a second run in a kept namespace is recognised event by event.
  const bus = new RedisEventBus({ url, namespace, dedupeWindowMs: DEDUPE_WINDOW_MS })
  const cache = new RedisFeatureCache({ url, namespace })
  store.connect({ cache })
  const processes = new WorkerProcesses(workers, [url, namespace], metricsPort, say)
  return {
    bus,
    group,
    // Every event counts one up, so the features themselves tell it exactly, whatever happens to workers.
    countApplied: async () => {
      const rows = await store.getFeatures([purchaseCount, refundCount], customerIds)
      return rows.reduce((sum, { features }) => sum + features.purchase_count.value + features.refund_count.value, 0)
    },
    get restarts() {
      return processes.restarts
    },
    ...(metricsPort === undefined
      ? {}
      : {
          countProcessed: (expected) =>
            countProcessed(
              Array.from({ length: workers }, (_, n) => metricsPort + n),
              expected,
            ),
        }),
    killWorker: () => processes.killOne(),
    failed: processes.failed,
    stop: async () => {
      await processes.stop()
      await Promise.all([bus.close(), cache.close()])
      if (!keep) await removeNamespace(url, namespace)
    },
  }
}
