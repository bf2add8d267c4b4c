import type { FeatureCache } from "@fabra/core"
import type { Subscription } from "@fabra/events"
import type { Observer } from "./observer.js"
import type { PartitionRun } from "./partition-run.js"

/** How often checkpoints are stored: one tick of {@link Progress}. */
export const TICK_MS = 1000
/** Every so many ticks a checkpoint is stored again although nothing moved: the bus may have lost it (rule R6). */
const REWRITE_TICKS = 5

/** Stores checkpoints: aged by the trail, verified, never raised past what is settled (rules R3, R6, R7). */
export class Checkpoints {
  readonly #cache: FeatureCache
  readonly #trailTicks: number
  readonly #observer: Observer
  readonly #rolledBack: (run: PartitionRun) => void
  #ticks = 0

  constructor(cache: FeatureCache, trailMs: number, observer: Observer, rolledBack: (run: PartitionRun) => void) {
    this.#cache = cache
    this.#trailTicks = Math.ceil(trailMs / TICK_MS)
    this.#observer = observer
    this.#rolledBack = rolledBack
  }

  /** One tick of the clock for every run, then a checkpoint for each that can have one. Never rejects. */
  async tick(runs: Iterable<PartitionRun>, subscription: Subscription): Promise<void> {
    this.#ticks++
    const all = [...runs]
    for (const run of all) run.progress.tick()
    const rewrite = this.#ticks % REWRITE_TICKS === 0
    await Promise.all(all.map((run) => this.store(run, subscription, rewrite)))
  }

  /** Stores the run's checkpoint if it has moved, or if it is to be stored again. Never rejects. */
  async store(run: PartitionRun, subscription: Subscription, rewrite = false): Promise<void> {
    const safe = run.progress.safe(this.#trailTicks)
    const moved = safe !== undefined && safe.position > (run.start.position ?? "")
    try {
      // The cache must still be the one that confirmed what the checkpoint is about to leave behind.
      if (moved && !(await this.#observer.time("cache", "verify", this.#cache.verify([...run.incarnations])))) {
        if (run.active) this.#rolledBack(run)
        return
      }
      const { position, records } = moved ? safe : run.start
      if (!run.active || position === null || !(moved || rewrite)) return
      await this.#observer.time("bus", "checkpoint", subscription.checkpoint(run.partition, position, records))
      if (moved && run.active) run.checkpointed({ position, records })
    } catch (error) {
      this.#observer.outage("A checkpoint could not be stored; trying again.", error)
    }
  }
}
