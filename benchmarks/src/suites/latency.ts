import { contenderNamed } from "../contenders/index.js"
import { Child } from "../lib/child.js"
import { quantile } from "../lib/rounds.js"
import type { LoadMethods } from "../load-process.js"
import type { ProbeMethods } from "../probe-process.js"
import { partOf, RunningContender } from "../run.js"
import type { Sizes } from "../sizes.js"

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
/** Until the code of load and probe is compiled. */
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

async function measureOne(name: string, rate: number, { workload, warmUpEvents, latencySeconds }: Sizes) {
  const contender = contenderNamed(name)
  const running = await RunningContender.start(contender, workload)
  const load = new Child<LoadMethods>("load-process.ts")
  const probe = new Child<ProbeMethods>("probe-process.ts")
  try {
    // A worker that has just started is behind at once, and then measured is how long it takes to come up.
    await running.drain(partOf(contender, warmUpEvents))
    running.release()
    const { world } = running
    const events = Math.ceil(rate * (WARM_UP_SECONDS + latencySeconds))
    const loading = load.call("publish", name, { ...world, workload: { ...workload, events } }, rate)
    const latencies = await probe.call("probe", name, world, WARM_UP_SECONDS, latencySeconds)
    const published = await loading
    const sorted = latencies.sort((a, b) => a - b)
    const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) as number]
    return { name, title: contender.title, rate, published, p50, p99, max }
  } finally {
    await Promise.all([load.stop(), probe.stop()])
    await running.stop()
  }
}
