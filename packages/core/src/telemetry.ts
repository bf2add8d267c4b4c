import type { AxiomEvent, DeadLetterReason } from "@fabra/events"

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
    value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value,
  )
  process.stderr.write(`${text}\n`)
}

/**
 * What happens in a worker, told as it happens. Implement what you want to know; calls are synchronous and should be
 * quick, and what they throw is logged and dropped.
 */
export interface Telemetry {
  /** An event has changed all it could; its effects are committed. */
  eventApplied?(applied: AppliedEvent): void
  /** One try of a handler failed. */
  featureFailed?(failed: FailedFeature): void
  /** A failure was written to the dead-letter queue. */
  deadLettered?(letter: { readonly eventType: string | undefined; readonly reason: DeadLetterReason }): void
  /** One call of the cache's `commit` was answered. */
  committed?(commit: {
    readonly applied: number
    readonly conflicts: number
    readonly unknown: number
    readonly durationMs: number
  }): void
}

/** See {@link Telemetry.eventApplied}. */
export interface AppliedEvent {
  readonly event: AxiomEvent
  readonly entityType: string
  readonly partition: number
  /** Features whose value it changed. */
  readonly featuresUpdated: readonly string[]
  /** Handlers run for it, all tries. */
  readonly attempts: number
  /** From reading the event to its commit. */
  readonly durationMs: number
}

/** See {@link Telemetry.featureFailed}. */
export interface FailedFeature {
  readonly event: AxiomEvent
  readonly feature: string
  /** 1 for the first try. */
  readonly attempt: number
  readonly willRetry: boolean
  readonly error: unknown
}
