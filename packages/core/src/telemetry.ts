import type { AxiomEvent, DeadLetterReason } from "@fabra/events"
import { errorTexts, isError } from "@fabra/events/adapter"

/** Where messages for people go; pino and console both fit. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Writes warnings and errors to standard error, one line of JSON each. The default. */
export const consoleLogger: Logger = {
  info: () => {},
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
}

function write(level: string, fields: object, message: string): void {
  const text = JSON.stringify({ level, message, ...fields }, (_key, value) =>
    isError(value) ? errorTexts(value) : value,
  )
  process.stderr.write(`${text}\n`)
}

/**
 * What happens in a worker, told as it happens. Implement what you want to know; calls are synchronous and should be
 * quick, and what they throw is logged and dropped.
 */
export interface Telemetry {
  /** A read of the bus brought so many events. */
  eventsRead?(read: { readonly events: number }): void
  /**
   * A handler is about to be run, by `run`: to be called at once, within whatever should be in force meanwhile, such as an
   * active span. It never throws, and has returned when an asynchronous handler has its promise.
   */
  runHandler?(call: HandlerCall, run: () => void): void
  /** One try of a handler failed. */
  featureFailed?(failed: FailedFeature): void
  /** A handler met an event that is older than one its feature comes from; maybe once more after a conflict. */
  eventLate?(late: LateEvent): void
  /** A failure was written to the dead-letter queue; maybe once more, when the commit after it met a conflict. */
  deadLettered?(letter: { readonly eventType: string | undefined; readonly reason: DeadLetterReason }): void
  /** One call of the cache's `commit` was answered. */
  committed?(commit: Commit): void
  /** An event has changed all it could of one entity; its effects are committed. */
  eventApplied?(applied: AppliedEvent): void
  /** A call of the bus or the cache has ended. */
  called?(call: Call): void
  /** An entity's events wait: for a retry, an outage to end, or their turn where a worker died. */
  laneBlocked?(lane: LaneChange): void
  /** They go on, or are no longer this worker's. */
  laneFreed?(lane: LaneChange): void
  /** A partition is this worker's now. */
  partitionAssigned?(change: { readonly partition: number }): void
  /** It no longer is: handed over, or `lost` to another after the lease ran out. */
  partitionReleased?(change: { readonly partition: number; readonly lost: boolean }): void
  /** Some entities were gone through for a feature that is computed on schedule. */
  scheduledComputed?(computed: ScheduledComputed): void
  /** A run of a schedule is over, whoever has begun it. */
  scheduleRunEnded?(run: EndedScheduleRun): void
  /** Records were removed, all of whose values were beyond their `ttl`. */
  recordsRemoved?(removed: { readonly entityType: string; readonly records: number }): void
  /**
   * The partition is read again from its checkpoint: the cache has lost commits (`lost`); or it was restarted, or another
   * server has taken its place (`restart`), and may have. Where commits turn out to be lost after a `restart`, `lost`
   * follows.
   */
  rolledBack?(change: { readonly partition: number; readonly cause: "lost" | "restart" }): void
}

/** See {@link Telemetry.runHandler}. */
export interface HandlerCall {
  /** As the bus brought it; the same object in everything told of it. */
  readonly event: AxiomEvent
  readonly entityType: string
  readonly partition: number
  readonly feature: string
  /** 1 for the first try. */
  readonly attempt: number
}

/** See {@link Telemetry.featureFailed}. */
export interface FailedFeature extends HandlerCall {
  readonly willRetry: boolean
  readonly error: unknown
}

/** See {@link Telemetry.eventLate}. */
export interface LateEvent {
  readonly eventType: string
  readonly feature: string
  /** The feature asks for late events to be passed over. */
  readonly skipped: boolean
}

/** See {@link Telemetry.committed}; numbers of entities. */
export interface Commit {
  readonly applied: number
  readonly conflicts: number
  readonly unknown: number
  readonly durationMs: number
  /** The events it settles. To be called at once, if at all. */
  events(): { readonly event: AxiomEvent; readonly entityType: string }[]
}

/** See {@link Telemetry.eventApplied}. */
export interface AppliedEvent {
  readonly event: AxiomEvent
  readonly entityType: string
  /** The event's own, or what the `key` of a feature returned. */
  readonly entityId: string
  readonly partition: number
  /** Features whose value it changed. */
  readonly featuresUpdated: readonly string[]
  /** Features that lie in the dead-letter queue instead. */
  readonly featuresFailed: readonly string[]
  /** How often it was tried: 1 when all went well, else what the feature took that took most; 0 when no handler ran. */
  readonly attempts: number
  /** True when it had been settled before this worker came to it, as after a restart: nothing was done. */
  readonly repeated: boolean
  /** From reading the event to its commit. */
  readonly durationMs: number
  /** From the moment the bus accepted the event to its commit, by two clocks where the bus has its own; 0 at least. */
  readonly freshnessMs: number
}

/** See {@link Telemetry.called}. */
export interface Call {
  readonly target: "bus" | "cache"
  readonly operation: "load" | "commit" | "verify" | "checkpoint" | "append_dead_letter" | "note_attempt"
  readonly durationMs: number
  /** It was not answered, or answered that nobody can tell. */
  readonly failed: boolean
}

/** See {@link Telemetry.scheduledComputed}. */
export interface ScheduledComputed {
  readonly feature: string
  readonly entities: number
  /** Those of them that could not be computed. */
  readonly failed: number
}

/** See {@link Telemetry.scheduleRunEnded}; its numbers are those of the whole run. */
export interface EndedScheduleRun extends ScheduledComputed {
  /** It went through all entities; `false`: it ended early, as when its query is wrong. */
  readonly complete: boolean
  readonly durationMs: number
}

/** See {@link Telemetry.laneBlocked}. */
export interface LaneChange {
  readonly partition: number
  readonly entityType: string
  readonly entityId: string
}
