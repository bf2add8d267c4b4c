import type { Subscription } from "@fabra/events/adapter"
import type { WorkerContext } from "../context.js"
import type { PartitionSession } from "./partition-session.js"
import type { SafePoint } from "./progress.js"

/** How often checkpoints are stored: one tick of {@link Progress}. */
export const TICK_MS = 1000
/** After this many ticks a checkpoint is stored again although it has not moved: the bus may have lost it (rule R6). */
const REWRITE_TICKS = 5

type CheckpointsContext = Pick<WorkerContext, "settings" | "cache" | "observer" | "rolledBack">

/** Stores checkpoints: older than the rollback margin, verified, never past what is settled (rules R3, R6, R7). */
export class Checkpoints {
  readonly #context: CheckpointsContext
  readonly #marginTicks: number
  #ticks = 0

  constructor(context: CheckpointsContext) {
    const { settings, cache } = context
    this.#context = context
    this.#marginTicks = Math.ceil((settings.rollbackMarginMs ?? cache.capabilities.rollbackWindowMs) / TICK_MS)
  }

  /** One tick of the clock for every session, then a checkpoint for each that can have one. Never rejects. */
  async tick(sessions: Iterable<PartitionSession>, subscription: Subscription): Promise<void> {
    this.#ticks++
    const all = [...sessions]
    for (const session of all) session.progress.tick()
    const rewrite = this.#ticks % REWRITE_TICKS === 0
    const due = all.map((session) => ({ session, safe: this.#movedTo(session) }))
    const moving = due.filter(({ safe }) => safe !== undefined).map(({ session }) => session)
    // One call for all partitions: the replies to one call each would delay all commits, once a second.
    const isVerified = moving.length > 1 && (await this.#verify(moving).catch(() => false))
    await Promise.all(due.map(({ session, safe }) => this.#store(session, safe, subscription, { rewrite, isVerified })))
  }

  /** Stores the session's checkpoint if it has moved. Never rejects. */
  async store(session: PartitionSession, subscription: Subscription): Promise<void> {
    await this.#store(session, this.#movedTo(session), subscription)
  }

  /** Where the session's checkpoint may be now, when that is further than the stored one. */
  #movedTo(session: PartitionSession): SafePoint | undefined {
    const safe = session.progress.safe(this.#marginTicks)
    return safe !== undefined && safe.position > (session.start.position ?? "") ? safe : undefined
  }

  /** Whether the cache still is the one that confirmed what these checkpoints are about to leave behind. */
  #verify(sessions: readonly PartitionSession[]): Promise<boolean> {
    const epochs = new Set(sessions.flatMap((session) => [...session.epochs]))
    return this.#context.observer.time("cache", "verify", this.#context.cache.verify([...epochs]))
  }

  /** @param isVerified all that was settled up to `safe` has been asked for since */
  async #store(
    session: PartitionSession,
    safe: SafePoint | undefined,
    subscription: Subscription,
    { rewrite = false, isVerified = false } = {},
  ): Promise<void> {
    try {
      if (safe !== undefined && !isVerified && !(await this.#verify([session]))) {
        if (session.active) this.#context.rolledBack(session, "restart")
        return
      }
      const { position, records } = safe ?? session.start
      if (!session.active || position === null || !(safe !== undefined || rewrite)) return
      await this.#context.observer.time(
        "bus",
        "checkpoint",
        subscription.checkpoint(session.partition, position, records),
      )
      if (safe !== undefined && session.active) session.checkpointed({ position, records })
    } catch (error) {
      this.#context.observer.outage("A checkpoint could not be stored; trying again.", error)
    }
  }
}
