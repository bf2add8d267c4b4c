import type { World } from "../contender.js"
import { contenderNamed } from "../contenders/index.js"
import { Child } from "../lib/child.js"
import { startRedis } from "../lib/redis.js"
import { quantile } from "../lib/rounds.js"
import type { LoadMethods } from "../load-process.js"
import type { ProbeMethods } from "../probe-process.js"
import type { Sizes } from "../sizes.js"
import type { WorkerMethods } from "../worker-process.js"

/** From just before `publish` until an independent reader sees the value, in milliseconds. */
export interface LatencyRow {
  readonly name: string
  readonly title: string
  /** Events per second asked for, and brought by the publisher. */
  readonly rate: number
  readonly published: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const CONTENDERS = ["fabra_100", "bullmq_50"]
/** Until the code that runs often is compiled. */
const WARM_UP_SECONDS = 3

/** How long it takes from publishing to reading, beside a load of other events. */
export async function measureLatency(sizes: Sizes, say: (line: string) => void): Promise<LatencyRow[]> {
  const rows: LatencyRow[] = []
  for (const rate of sizes.rates) {
    for (const name of CONTENDERS) {
      // What cannot keep up only tells how long its queue has become.
      if (name === "bullmq_50" && rate > 5_000) continue
      // No ratio needs it.
      if (sizes.quick && name === "fabra_100" && rate < 20_000) continue
      const row = await measureOne(name, rate, sizes)
      say(`${name} at ${rate}/s: p50 ${row.p50.toFixed(2)} ms, p99 ${row.p99.toFixed(2)} ms`)
      rows.push(row)
    }
  }
  return rows
}

async function measureOne(name: string, rate: number, { workload, latencySeconds }: Sizes): Promise<LatencyRow> {
  const contender = contenderNamed(name)
  const redis = await startRedis(contender.redisArgs)
  const worker = new Child<WorkerMethods>("worker-process.ts")
  const load = new Child<LoadMethods>("load-process.ts")
  const probe = new Child<ProbeMethods>("probe-process.ts")
  try {
    const seconds = WARM_UP_SECONDS + latencySeconds
    const events = Math.ceil(rate * seconds)
    // One more than will come: the worker goes on until it is stopped.
    const world: World = { url: redis.url, workload: { ...workload, events: 2 * events }, processes: 1 }
    await worker.call("prepare", name, world, 0)
    worker.call("drain").catch(() => {})
    const loading = load.call("publish", name, { ...world, workload: { ...workload, events } }, rate)
    const latencies = await probe.call("probe", name, world, WARM_UP_SECONDS, latencySeconds)
    const published = await loading
    const sorted = latencies.sort((a, b) => a - b)
    const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) as number]
    return { name, title: contender.title, rate, published, p50, p99, max }
  } finally {
    await Promise.all([worker.stop(), load.stop(), probe.stop()])
    await redis.stop()
  }
}
