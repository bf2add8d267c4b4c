import type { FeatureCache } from "@fabra/core"
import type { Subscription } from "@fabra/events"
import type { Observer } from "../observe/observer.js"
import type { PartitionRun } from "./partition-run.js"
import type { SafePoint } from "./progress.js"

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
    const due = all.map((run) => ({ run, safe: this.#movedTo(run) }))
    const moving = due.filter(({ safe }) => safe !== undefined).map(({ run }) => run)
    // One question for all: the answers to one for each would hold up everybody's commits, once a second.
    const isVerified = moving.length > 1 && (await this.#verify(moving).catch(() => false))
    await Promise.all(due.map(({ run, safe }) => this.#store(run, safe, subscription, { rewrite, isVerified })))
  }

  /** Stores the run's checkpoint if it has moved. Never rejects. */
  async store(run: PartitionRun, subscription: Subscription): Promise<void> {
    await this.#store(run, this.#movedTo(run), subscription)
  }

  /** Where the run's checkpoint may be now, when that is further than the stored one. */
  #movedTo(run: PartitionRun): SafePoint | undefined {
    const safe = run.progress.safe(this.#trailTicks)
    return safe !== undefined && safe.position > (run.start.position ?? "") ? safe : undefined
  }

  /** Whether the cache still is the one that confirmed what these checkpoints are about to leave behind. */
  #verify(runs: readonly PartitionRun[]): Promise<boolean> {
    const epochs = new Set(runs.flatMap((run) => [...run.epochs]))
    return this.#observer.time("cache", "verify", this.#cache.verify([...epochs]))
  }

  /** @param isVerified all that was settled up to `safe` has been asked for since */
  async #store(
    run: PartitionRun,
    safe: SafePoint | undefined,
    subscription: Subscription,
    { rewrite = false, isVerified = false } = {},
  ): Promise<void> {
    try {
      if (safe !== undefined && !isVerified && !(await this.#verify([run]))) {
        if (run.active) this.#rolledBack(run)
        return
      }
      const { position, records } = safe ?? run.start
      if (!run.active || position === null || !(safe !== undefined || rewrite)) return
      await this.#observer.time("bus", "checkpoint", subscription.checkpoint(run.partition, position, records))
      if (safe !== undefined && run.active) run.checkpointed({ position, records })
    } catch (error) {
      this.#observer.outage("A checkpoint could not be stored; trying again.", error)
    }
  }
}
