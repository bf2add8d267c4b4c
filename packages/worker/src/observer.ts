import type { CommitResult, Logger, Telemetry } from "@fabra/core"
import { type BusNotice, type Clock, FabraError, type NewDeadLetter } from "@fabra/events"
import { describe } from "./compute.js"
import type { Item } from "./item.js"
import type { Lane } from "./lane.js"
import type { Settings } from "./settings.js"

const OUTAGE_EVERY_MS = 10_000

/** Tells logger and telemetry what happens; a fault of theirs never touches the work. */
export class Observer {
  readonly #logger: Logger
  readonly #telemetry: Telemetry
  readonly #clock: Clock
  readonly #lastTold = new Map<string, number>()

  constructor({ logger, telemetry, clock }: Pick<Settings, "logger" | "telemetry" | "clock">) {
    this.#logger = logger
    this.#telemetry = telemetry
    this.#clock = clock
  }

  applied(lane: Lane, item: Item): void {
    if (this.#telemetry.eventApplied === undefined) return
    this.#tell(() =>
      this.#telemetry.eventApplied?.({
        event: item.event,
        entityType: lane.key.entityType,
        partition: lane.run.partition,
        featuresUpdated: item.updated,
        attempts: item.attempts,
        durationMs: this.#clock.now() - item.readAt,
      }),
    )
  }

  failed(item: Item, feature: string, attempt: number, willRetry: boolean, error: unknown): void {
    this.#tell(() => this.#telemetry.featureFailed?.({ event: item.event, feature, attempt, willRetry, error }))
  }

  deadLettered(letter: NewDeadLetter): void {
    const { eventId, eventType, entityId, features, reason, attempts, error } = letter
    this.#logger.error(
      { event_type: eventType, entity_id: entityId, event_id: eventId, features, reason, attempts, error },
      "dead letter",
    )
    this.#tell(() => this.#telemetry.deadLettered?.({ eventType, reason }))
  }

  /** Counts what a commit brought; a cache that rejects, against its contract, leaves every outcome unknown. */
  async timeCommit(changes: number, commit: Promise<CommitResult[]>): Promise<readonly CommitResult[]> {
    const start = this.#clock.now()
    const results = await commit.catch((fault: unknown) => {
      const error = FabraError.from(fault, "cache_unavailable")
      return Array.from({ length: changes }, (): CommitResult => ({ status: "unknown", error }))
    })
    if (this.#telemetry.committed !== undefined) {
      const count = (status: CommitResult["status"]) => results.filter((result) => result.status === status).length
      const [applied, conflicts, unknown] = [count("applied"), count("conflict"), count("unknown")]
      const durationMs = this.#clock.now() - start
      this.#tell(() => this.#telemetry.committed?.({ applied, conflicts, unknown, durationMs }))
    }
    return results
  }

  /** Something does not answer. Said again only now and then, however often it is met. */
  outage(message: string, error: unknown): void {
    const now = this.#clock.now()
    if (now - (this.#lastTold.get(message) ?? Number.NEGATIVE_INFINITY) < OUTAGE_EVERY_MS) return
    this.#lastTold.set(message, now)
    this.#logger.warn({ error: describe(error) }, message)
  }

  notice({ level, message, error }: BusNotice): void {
    this.#logger[level](error === undefined ? {} : { error: describe(error) }, message)
  }

  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.outage("The telemetry failed; the work goes on.", error)
    }
  }
}
