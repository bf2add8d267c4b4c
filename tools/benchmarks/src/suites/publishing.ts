import { Child } from "../lib/child.js"
import { type OwnRedis, startRedis } from "../lib/redis.js"
import { interleave, type Spread, spreadOf } from "../lib/rounds.js"
import { startAll } from "../lib/start-all.js"
import type { PublishMode } from "../publish-modes.js"
import type { PublishMethods } from "../publish-process.js"
import { type Publisher, publishers } from "../publishers.js"
import type { Sizes } from "../sizes.js"
import type { WorkloadSpec } from "../workload.js"

/** One way to publish with one publisher. */
export interface PublishingRow {
  readonly name: string
  readonly title: string
  readonly mode: PublishMode
  readonly eventsPerSecond: Spread
  /** Microseconds of CPU per event, of the publishing process and of Redis. */
  readonly nodeUs: Spread
  readonly redisUs: Spread
}

/** How fast events can be handed over: all publishers run at once, and take turns. */
export async function measurePublishing(sizes: Sizes, say: (line: string) => void): Promise<PublishingRow[]> {
  const modes: PublishMode[] = sizes.quick ? ["batches"] : ["one_by_one", "concurrent", "batches"]
  const chosen = publishers.filter(({ isExtra = false }) => !(sizes.quick && isExtra))
  const all = await startAll(chosen.map((publisher) => RunningPublisher.start(publisher, sizes.workload)))
  try {
    const cases = all.flatMap((running) => modes.map((mode) => ({ running, mode })))
    const measured = await interleave(cases, sizes.rounds, async ({ running, mode }) => {
      // Waiting for each answer is slow: fewer say as much.
      const events = mode === "batches" ? sizes.published : Math.ceil(sizes.published / 10)
      const measurement = await running.publish(mode, events)
      say(`${running.publisher.name}, ${mode}: ${Math.round(measurement.eventsPerSecond)} events/s`)
      return measurement
    })
    return measured.map(([{ running, mode }, turns]) => ({
      name: running.publisher.name,
      title: running.publisher.title,
      mode,
      eventsPerSecond: spreadOf(turns.map(({ eventsPerSecond }) => eventsPerSecond)),
      nodeUs: spreadOf(turns.map(({ nodeUs }) => nodeUs)),
      redisUs: spreadOf(turns.map(({ redisUs }) => redisUs)),
    }))
  } finally {
    await Promise.all(all.map((running) => running.stop()))
  }
}

/** A publisher in a process of its own, with a Redis of its own. */
class RunningPublisher {
  readonly publisher: Publisher
  readonly #workload: WorkloadSpec
  readonly #redis: OwnRedis
  readonly #child = new Child<PublishMethods>("publish-process")
  #calls = 0

  private constructor(publisher: Publisher, workload: WorkloadSpec, redis: OwnRedis) {
    this.publisher = publisher
    this.#workload = workload
    this.#redis = redis
  }

  static async start(publisher: Publisher, workload: WorkloadSpec): Promise<RunningPublisher> {
    const redis = await startRedis()
    const running = new RunningPublisher(publisher, workload, redis)
    try {
      await running.#child.call("prepare", publisher.name, redis.url)
      return running
    } catch (error) {
      await running.stop()
      throw error
    }
  }

  async publish(mode: PublishMode, events: number) {
    // Who has waited finds the processor's caches cold.
    await this.#call(mode, Math.ceil(events / 5))
    const redisFrom = await this.#redis.cpuUs()
    const { ms, cpuUs } = await this.#call(mode, events)
    const redisUs = ((await this.#redis.cpuUs()) - redisFrom) / events
    return { eventsPerSecond: (events / ms) * 1000, nodeUs: cpuUs / events, redisUs }
  }

  #call(mode: PublishMode, events: number): Promise<{ ms: number; cpuUs: number }> {
    return this.#child.call("publish", mode, { ...this.#workload, events }, `turn_${this.#calls++}_`)
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    await this.#redis.stop()
  }
}
