import { createWriteStream } from "node:fs"
import type { Contender } from "../contender.js"
import { bullmq } from "./bullmq.js"
import { fabraEmbedded, fabraKeyed, fabraOnRedis, fabraWindows } from "./fabra.js"
import { ioredisDrain, socketDrain } from "./limits.js"
import { naive } from "./naive.js"

const AOF = ["--appendonly", "yes", "--appendfsync", "everysec"]

/**
 * Everything that is measured. One more contender is one more line. Each imports what only it needs when it starts, since
 * all of it would take as long again in each process.
 */
export const contenders: readonly Contender[] = [
  fabraEmbedded("fabra_embedded", "Fabra in memory, batch 500", { batchSize: 500 }),
  fabraOnRedis("fabra_500", "Fabra on Redis, batch 500", { options: { batchSize: 500 } }),
  fabraOnRedis("fabra_100", "Fabra on Redis, batch 100 (default)"),
  fabraOnRedis("fabra_500_2p", "Fabra on Redis, batch 500, two processes", {
    options: { batchSize: 500 },
    processes: 2,
  }),
  fabraOnRedis("fabra_500_metrics", "Fabra on Redis, batch 500, with metrics", {
    options: { batchSize: 500 },
    async telemetry() {
      const { createMetrics } = await import("@fabra/metrics")
      return createMetrics().telemetry
    },
  }),
  fabraOnRedis("fabra_500_logs", "Fabra on Redis, batch 500, with a log of events", {
    options: { batchSize: 500 },
    async telemetry() {
      const { createLogger, eventLog } = await import("@fabra/logs")
      return eventLog(createLogger({ pretty: false, destination: createWriteStream("/dev/null") }))
    },
  }),
  fabraKeyed("fabra_500_keys", "Fabra on Redis, batch 500, three features of a merchant besides", {
    options: { batchSize: 500 },
    isHot: false,
  }),
  fabraKeyed("fabra_500_2p_hot", "Fabra on Redis, batch 500, two processes, half of all events to one merchant", {
    options: { batchSize: 500 },
    processes: 2,
    isHot: true,
  }),
  fabraWindows("fabra_500_windows", "Fabra on Redis, batch 500, three windows × (sum, count, mean)", {
    batchSize: 500,
  }),
  fabraOnRedis("fabra_500_aof", "Fabra on Redis, batch 500, AOF everysec", {
    options: { batchSize: 500 },
    redisArgs: AOF,
    isExtra: true,
  }),
  bullmq("bullmq_1", "BullMQ, concurrency 1", 1, 0.1),
  bullmq("bullmq_50", "BullMQ, concurrency 50", 50, 0.2),
  naive,
  ioredisDrain,
  socketDrain,
]

/** @throws Error when there is none of this name */
export function contenderNamed(name: string): Contender {
  const found = contenders.find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`There is no contender "${name}".`)
  return found
}
