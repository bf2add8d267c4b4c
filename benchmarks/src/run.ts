import type { Contender, World } from "./contender.js"
import { fill } from "./fill.js"
import { Child } from "./lib/child.js"
import { type Placement, place } from "./lib/placement.js"
import { startRedis } from "./lib/redis.js"
import type { Drained, WorkerMethods } from "./worker-process.js"
import { eventsOf, type WorkloadSpec } from "./workload.js"

/** Events besides those asked for, which only warm up the workers: their code is compiled meanwhile. */
const WARM_UP = 40_000

/** What one drain of a backlog took. */
export interface Measurement {
  readonly eventsPerSecond: number
  /** Microseconds of CPU per event, all worker processes. */
  readonly nodeUs: number
  /** The same of Redis; `null` without one. */
  readonly redisUs: number | null
  /** The most memory a worker process had, in bytes. */
  readonly peakBytes: number
  /** Entities whose features are not what they must be; `null` for what computes nothing. */
  readonly wrongEntities: number | null
}

/**
 * Publishes a backlog, lets the contender's workers drain it, and verifies what they have computed.
 * @param pieces the events come in so many, each when the one before is drained; measured is the last
 */
export async function measureDrain(
  contender: Contender,
  spec: WorkloadSpec,
  placement: Placement,
  { warmUpEvents = WARM_UP, pieces = 1 } = {},
): Promise<Measurement> {
  const { name, processes = 1, share = 1, embedded, redisArgs } = contender
  const warmUp = Math.round((warmUpEvents * share) / processes)
  const workload = { ...spec, events: Math.round(spec.events * share) + warmUp * processes }
  const redis = embedded ? undefined : await startRedis(redisArgs)
  const children = Array.from({ length: processes }, () => new Child<WorkerMethods>("worker-process.ts"))
  try {
    const world: World = { url: redis?.url ?? "", workload, processes }
    const events = eventsOf(workload)
    const publish = () => fill(contender, world, events, Math.ceil(workload.events / pieces))
    const drain = () => Promise.all(children.map((child) => child.call("drain")))
    if (!embedded) await publish()
    await Promise.all(children.map((child) => child.call("prepare", name, world, warmUp)))
    await place(
      placement,
      redis?.pid,
      children.map(({ pid }) => pid),
    )
    for (let i = 1; i < pieces; i++) await drain().then(publish)
    const redisFrom = await redis?.cpuUs()
    const drained = await drain()
    const redisTo = await redis?.cpuUs()
    const wrongEntities = await (children[0] as Child<WorkerMethods>).call("countWrong", name, world)
    await Promise.all(children.map((child) => child.call("close")))
    return {
      ...summarize(drained),
      redisUs:
        redisFrom === undefined || redisTo === undefined ? null : (redisTo - redisFrom) / (workload.events / pieces),
      wrongEntities,
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    await redis?.stop()
  }
}

/** From the first event after any process's warm-up to the last event of all. */
function summarize(drained: readonly Drained[]): Pick<Measurement, "eventsPerSecond" | "nodeUs" | "peakBytes"> {
  const events = sum(drained.map(({ from, to }) => to.applied - from.applied))
  const ms = Math.max(...drained.map(({ to }) => to.at)) - Math.min(...drained.map(({ from }) => from.at))
  return {
    eventsPerSecond: (events / ms) * 1000,
    nodeUs: sum(drained.map(({ from, to }) => to.cpuUs - from.cpuUs)) / events,
    peakBytes: Math.max(...drained.map(({ peakBytes }) => peakBytes)),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
