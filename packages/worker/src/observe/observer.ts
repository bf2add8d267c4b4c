import type { Feature, Logger, Telemetry } from "@fabra/core"
import type { Call, CommitResult, EntityKey, HandlerCall, SharedTrigger } from "@fabra/core/adapter"
import { type AxiomEvent, type BusNotice, type Clock, FabraError } from "@fabra/events"
import { errorTexts, type FormerOwner, type NewDeadLetter } from "@fabra/events/adapter"
import type { ComputeEnvironment } from "../compute/compute-environment.js"
import type { HandlerAttempt } from "../compute/handler-attempt.js"
import type { Item, Lane } from "../lane/lane.js"
import type { RollbackCause } from "../partition/partition-session.js"
import type { ScheduleRun } from "../schedule/schedule-book.js"
import type { Settings } from "../settings.js"

const OUTAGE_EVERY_MS = 10_000
const NONE: readonly string[] = []

/** What one dead owner has left. */
interface TakenOver {
  readonly partitions: number[]
  /** How many events go into quarantine, if the bus has counted them in each partition. */
  events: number | undefined
}

/** Passes on to logger and telemetry what happens; an error of theirs never affects the work. */
export class Observer {
  /** Runs a handler with telemetry around it; `undefined` when none wants to be. */
  readonly runHandler: ComputeEnvironment["runHandler"]
  /** Reports late events; `undefined` when no telemetry wants to know. */
  readonly late: ((event: Pick<AxiomEvent, "eventType">, feature: Feature) => void) | undefined
  readonly #logger: Logger
  readonly #telemetry: readonly Telemetry[]
  readonly #clock: Clock
  readonly #lastTold = new Map<string, number>()
  /** Partitions just taken over, by their former owner. */
  readonly #takenOver = new Map<string, TakenOver>()
  // Looked up once, so that reports that no telemetry wants cost next to nothing.
  readonly #appliedIsWanted: boolean
  readonly #callsAreWanted: boolean

  constructor({ logger, telemetry, clock }: Pick<Settings, "logger" | "telemetry" | "clock">) {
    this.#logger = logger
    this.#telemetry = telemetry
    this.#clock = clock
    this.#appliedIsWanted = telemetry.some(({ eventApplied }) => eventApplied !== undefined)
    this.#callsAreWanted = telemetry.some(({ called, committed }) => (called ?? committed) !== undefined)
    const lateIsWanted = telemetry.some(({ eventLate }) => eventLate !== undefined)
    this.late = lateIsWanted
      ? ({ eventType }, { name, onLate }) =>
          this.#tell((to) => to.eventLate?.({ eventType, feature: name, skipped: onLate === "skip" }))
      : undefined
    const isAround = telemetry.some(({ runHandler }) => runHandler !== undefined)
    this.runHandler = isAround ? this.#runHandler.bind(this) : undefined
  }

  read(events: number): void {
    this.#tell((to) => to.eventsRead?.({ events }))
  }

  applied(item: Item): void {
    const { session } = item.lane
    if (!item.repeated && item.record.position <= session.confirmedTo) {
      session.confirmedTo = "" // once is enough
      const { partition } = session
      this.#logger.error(
        {},
        `The cache lost commits of partition ${partition} in its restart; its events are applied again.`,
      )
      this.#tell((to) => to.rolledBack?.({ partition, cause: "lost" }))
    }
    if (!this.#appliedIsWanted) return
    const { event, lane, record, attempts, repeated } = item
    const now = this.#clock.now()
    const applied = {
      event,
      entityType: lane.key.entityType,
      entityId: lane.key.entityId,
      partition: lane.session.partition,
      featuresUpdated: item.updated,
      featuresFailed: item.dead === undefined ? NONE : [...item.dead],
      attempts,
      repeated,
      durationMs: now - item.readAt,
      freshnessMs: Math.max(0, now - record.acceptedAt),
    }
    this.#tell((to) => to.eventApplied?.(applied))
  }

  failed(attempt: HandlerAttempt, error: unknown): void {
    const willRetry = attempt.attempt <= attempt.feature.maxRetries
    this.#tell((to) => to.featureFailed?.({ ...toCall(attempt), willRetry, error }))
  }

  deadLettered(letter: NewDeadLetter): void {
    const { eventId, eventType, entityId, features, reason, attempts, error } = letter
    this.#logger.error(
      { event_type: eventType, entity_id: entityId, event_id: eventId, features, reason, attempts, error },
      "dead letter",
    )
    this.#tell((to) => to.deadLettered?.({ eventType, reason }))
  }

  /** Counts the outcomes of a commit; a cache that rejects, against its contract, leaves every outcome unknown. */
  async timeCommit(lanes: readonly Lane[], commit: Promise<CommitResult[]>): Promise<readonly CommitResult[]> {
    const startedAt = performance.now()
    const results = await commit.catch((fault: unknown) => {
      const error = FabraError.from(fault, "cache_unavailable")
      return lanes.map((): CommitResult => ({ status: "unknown", error }))
    })
    if (this.#callsAreWanted) {
      const count = (status: CommitResult["status"]) => results.filter((result) => result.status === status).length
      const [applied, conflicts, unknown] = [count("applied"), count("conflict"), count("unknown")]
      const durationMs = performance.now() - startedAt
      this.#tell((to) => {
        to.committed?.({ applied, conflicts, unknown, durationMs, events: () => lanes.flatMap(settledBy) })
        to.called?.({ target: "cache", operation: "commit", durationMs, failed: unknown > 0 })
      })
    }
    return results
  }

  /** Reports how long a call of bus or cache takes. */
  time<T>(target: Call["target"], operation: Call["operation"], call: Promise<T>): Promise<T> {
    if (!this.#callsAreWanted) return call
    const startedAt = performance.now()
    const ended = (failed: boolean) => {
      const durationMs = performance.now() - startedAt
      this.#tell((to) => to.called?.({ target, operation, durationMs, failed }))
    }
    call.then(
      () => ended(false),
      () => ended(true),
    )
    return call
  }

  blocked({ key, session: { partition } }: Lane): void {
    this.#tell((to) => to.laneBlocked?.({ partition, ...key }))
  }

  freed({ key, session: { partition } }: Lane): void {
    this.#tell((to) => to.laneFreed?.({ partition, ...key }))
  }

  assigned(partition: number): void {
    this.#tell((to) => to.partitionAssigned?.({ partition }))
  }

  /** Partitions that come together from one dead owner are told in one line. */
  takenOver(partition: number, { consumer, silentMs, events }: FormerOwner): void {
    const known = this.#takenOver.get(consumer)
    if (known !== undefined) {
      known.partitions.push(partition)
      known.events = known.events === undefined || events === undefined ? undefined : known.events + events
      return
    }
    const taken: TakenOver = { partitions: [partition], events }
    this.#takenOver.set(consumer, taken)
    queueMicrotask(() => {
      this.#takenOver.delete(consumer)
      const fields = { consumer, partitions: taken.partitions, silent_ms: silentMs, events: taken.events }
      this.#logger.warn(fields, "Took over partitions of a worker that died; its unsettled events run in quarantine.")
    })
  }

  removed(entityType: string, records: number): void {
    this.#tell((to) => to.recordsRemoved?.({ entityType, records }))
  }

  scheduled({ name }: Feature, entities: number, failed: number): void {
    this.#tell((to) => to.scheduledComputed?.({ feature: name, entities, failed }))
  }

  scheduleRun({ name }: Feature, run: ScheduleRun): void {
    const { entities, failed, complete, error } = run
    const durationMs = Math.max(0, run.finishedAt - run.startedAt)
    if (error !== null) {
      const message = complete ? "a run on schedule is done, but for some entities" : "a run on schedule ended early"
      this.#logger.warn({ feature: name, entities, failed, error }, message)
    }
    this.#tell((to) => to.scheduleRunEnded?.({ feature: name, entities, failed, complete, durationMs }))
  }

  released(partition: number, lost: boolean): void {
    this.#tell((to) => to.partitionReleased?.({ partition, lost }))
  }

  rolledBack(partition: number, cause: RollbackCause): void {
    if (cause === "lost") {
      this.#logger.error({}, `The cache lost commits; partition ${partition} is read again from its checkpoint.`)
    } else {
      const message = `The cache was restarted, or another server took its place; partition ${partition} is read again from its checkpoint, in case commits are gone.`
      this.#logger.info({}, message)
    }
    this.#tell((to) => to.rolledBack?.({ partition, cause }))
  }

  /** Something does not answer. Each message is logged at most every ten seconds. */
  outage(message: string, error: unknown): void {
    this.#damped(message, { error: errorTexts(error) })
  }

  #damped(message: string, fields: object): void {
    const now = this.#clock.now()
    if (now - (this.#lastTold.get(message) ?? Number.NEGATIVE_INFINITY) < OUTAGE_EVERY_MS) return
    this.#lastTold.set(message, now)
    this.#logger.warn(fields, message)
  }

  /** Something writes to an entity so often that its events are computed again and again. */
  contended({ entityType, entityId }: EntityKey, conflicts: number): void {
    const fields = { entity_type: entityType, entity_id: entityId, conflicts }
    this.#damped("An entity is changed by others each time its events are computed; trying again.", fields)
  }

  sharedTrigger({ eventType, entities, message }: SharedTrigger): void {
    this.#logger.warn({ event_type: eventType, entities }, message)
  }

  /** Features that the group has not computed before, although it has computed others. */
  newFeatures(features: readonly string[]): void {
    const names = features.map((name) => `"${name}"`).join(", ")
    const subject =
      features.length === 1 ? `Feature ${names} is new: it counts` : `Features ${names} are new: they count`
    this.#logger.warn({ features }, `${subject} from now on, without the events that the group has applied before.`)
  }

  notice({ code, level, message, error }: BusNotice): void {
    this.#logger[level](error === undefined ? { code } : { code, error: errorTexts(error) }, message)
  }

  /** The handler runs exactly once, and its outcome counts, whatever telemetry does with `run`. */
  #runHandler(attempt: HandlerAttempt, run: () => unknown): unknown {
    let outcome: (() => unknown) | undefined
    const runOnce = () => {
      outcome ??= attempted(run)
    }
    const call = toCall(attempt)
    let around = runOnce
    for (const telemetry of this.#telemetry) {
      const inner = around
      if (telemetry.runHandler !== undefined) {
        around = () => this.#tellOne(telemetry, () => telemetry.runHandler?.(call, inner))
      }
    }
    around()
    runOnce()
    return outcome?.()
  }

  #tell(call: (telemetry: Telemetry) => void): void {
    for (const telemetry of this.#telemetry) this.#tellOne(telemetry, call)
  }

  #tellOne(telemetry: Telemetry, call: (telemetry: Telemetry) => void): void {
    try {
      call(telemetry)
    } catch (error) {
      this.outage("The telemetry failed; the work goes on.", error)
    }
  }
}

function toCall({ item: { event, lane }, feature, attempt }: HandlerAttempt): HandlerCall {
  const { key, session } = lane
  return { event, entityType: key.entityType, partition: session.partition, feature: feature.name, attempt }
}

/** The events that a lane's draft settles. */
function settledBy({ items, settles, key: { entityType } }: Lane) {
  return items.slice(0, settles).map(({ event }) => ({ event, entityType }))
}

/** Runs it; the result gives what it returned, or throws what it threw. */
function attempted(run: () => unknown): () => unknown {
  try {
    const value = run()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}
