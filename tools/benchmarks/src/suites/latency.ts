import { Child } from "../lib/child.js"
import { quantile } from "../lib/rounds.js"
import type { LoadMethods } from "../load-process.js"
import type { ProbeMethods } from "../probe-process.js"
import type { RunningContender } from "../run.js"
import type { RunningContenders } from "../running-contenders.js"
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

/** How long it takes from publishing to reading, beside a load of other events: all contenders run at once, and take turns. */
export async function measureLatency(
  contenders: RunningContenders,
  sizes: Sizes,
  say: (line: string) => void,
): Promise<LatencyRow[]> {
  const all = await contenders.only(CONTENDERS)
  const load = new Child<LoadMethods>("load-process")
  // Who measures must not stop: a collection of 64 MB took 100 ms, and every probe under way had to wait for it.
  const probe = new Child<ProbeMethods>("probe-process", 1)
  try {
    for (const running of all) running.release()
    const rows: LatencyRow[] = []
    for (const rate of sizes.rates) {
      for (const running of all.filter(({ contender }) => isMeasured(contender.name, rate, sizes))) {
        const row = await measureOne(running, load, probe, rate, sizes)
        say(`${row.name} at ${rate}/s: p50 ${row.p50.toFixed(2)} ms, p99 ${row.p99.toFixed(2)} ms`)
        rows.push(row)
      }
    }
    return rows
  } finally {
    await Promise.all([load, probe].map((one) => one.stop()))
  }
}

function isMeasured(name: string, rate: number, { quick }: Sizes): boolean {
  // What cannot keep up only tells how long its queue has become; and of the other no ratio needs the lower rates.
  return name === "bullmq_50" ? rate <= 5_000 : !quick || rate >= 20_000
}

async function measureOne(
  { contender: { name, title }, world }: RunningContender,
  load: Child<LoadMethods>,
  probe: Child<ProbeMethods>,
  rate: number,
  { latencySeconds, latencyWarmUpSeconds }: Sizes,
): Promise<LatencyRow> {
  const workload = { ...world.workload, events: Math.ceil(rate * (latencyWarmUpSeconds + latencySeconds)) }
  const loading = load.call("publish", name, { ...world, workload }, rate)
  const latencies = await probe.call("probe", name, world, `probe_${rate}`, latencyWarmUpSeconds, latencySeconds)
  const published = await loading
  const sorted = latencies.sort((a, b) => a - b)
  const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) as number]
  return { name, title, rate, published, p50, p99, max }
}
