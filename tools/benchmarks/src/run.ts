import type { Contender, Producer, World } from "./contender.js"
import { fill } from "./fill.js"
import { Child } from "./lib/child.js"
import { type Placement, place } from "./lib/placement.js"
import { type OwnRedis, startRedis } from "./lib/redis.js"
import type { Drained, WorkerMethods } from "./worker-process.js"
import { eventsOf, type PurchaseEvent, type WorkloadSpec } from "./workload.js"

/** What one drain of a backlog took. */
export interface Measurement {
  readonly eventsPerSecond: number
  /** Microseconds of CPU per event, all worker processes. */
  readonly nodeUs: number
  /** The same of Redis; `null` without one. */
  readonly redisUs: number | null
  /** The most memory a worker process ever had, in bytes. */
  readonly peakBytes: number
}

/**
 * A contender with a Redis and worker processes of its own, which stay for as long as it is measured: code that is compiled and
 * records that are loaded are what a worker has that runs all day.
 */
export class RunningContender {
  readonly contender: Contender
  readonly world: World
  readonly #redis: OwnRedis | undefined
  readonly #children: readonly Child<WorkerMethods>[]
  /** Of what has no Redis: its worker's process publishes as well. */
  readonly #producer: Producer | undefined
  readonly #events: Iterator<PurchaseEvent>
  #published = 0
  /** Pinning costs a process for each that is pinned. */
  #placement: Placement = "free"

  private constructor(
    contender: Contender,
    world: World,
    redis: OwnRedis | undefined,
    children: readonly Child<WorkerMethods>[],
  ) {
    this.contender = contender
    this.world = world
    this.#redis = redis
    this.#children = children
    this.#producer = contender.embedded ? undefined : contender.producer(world)
    this.#events = eventsOf({ ...world.workload, events: Number.POSITIVE_INFINITY })
  }

  /** Its workers are ready when this resolves, and take nothing. */
  static async start(contender: Contender, workload: WorkloadSpec): Promise<RunningContender> {
    const { name, processes = 1, embedded, redisArgs } = contender
    const redis = embedded ? undefined : await startRedis(redisArgs)
    const children = Array.from({ length: processes }, () => new Child<WorkerMethods>("worker-process"))
    const world: World = { url: redis?.url ?? "", workload, processes }
    const running = new RunningContender(contender, world, redis, children)
    try {
      await Promise.all(children.map((child) => child.call("prepare", name, world)))
      return running
    } catch (error) {
      await running.stop()
      throw error
    }
  }

  /** Publishes so many more events, and then lets the workers drain them. */
  async drain(events: number, placement: Placement = "free"): Promise<Measurement> {
    const children = this.#children
    await Promise.all(children.map((child) => child.call("hold")))
    if (placement !== this.#placement) {
      await place(
        placement,
        this.#redis?.pid,
        children.map(({ pid }) => pid),
      )
      this.#placement = placement
    }
    this.#published += events
    if (this.#producer !== undefined) await fill(this.#producer, this.#events, events, this.world.workload)
    else await (children[0] as Child<WorkerMethods>).call("publish", events)
    const redisFrom = await this.#redis?.cpuUs()
    const drained = await Promise.all(children.map((child) => child.call("drain", events, 1 / children.length)))
    const redisTo = await this.#redis?.cpuUs()
    const redisUs = redisFrom === undefined || redisTo === undefined ? null : (redisTo - redisFrom) / events
    return { ...summarize(drained), redisUs }
  }

  /** Lets the workers take whatever comes from now on. */
  release(): void {
    for (const child of this.#children) child.call("drain", Number.MAX_SAFE_INTEGER, 1).catch(() => {})
  }

  /** Entities whose features are not what all events published make of them; `null` for what computes nothing. */
  countWrongEntities(): Promise<number | null> {
    const workload = { ...this.world.workload, events: this.#published }
    return (this.#children[0] as Child<WorkerMethods>).call("countWrong", { ...this.world, workload })
  }

  async stop(): Promise<void> {
    await this.#producer?.close()
    await Promise.all(this.#children.map((child) => child.stop()))
    await this.#redis?.stop()
  }
}

/** How many of so many events the contender gets. */
export function partOf({ share = 1 }: Contender, events: number): number {
  return Math.round(share * events)
}

/** From the first worker's beginning to the last one's end. */
function summarize(drained: readonly Drained[]): Omit<Measurement, "redisUs"> {
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
