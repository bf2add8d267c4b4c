import type { Logger, Telemetry } from "@fabra/core"
import type { AppliedEvent, FailedFeature } from "@fabra/core/adapter"
import { FabraError, type JsonObject } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import redaction from "@pinojs/redact"

const SECOND_MS = 1000

/** Options of {@link eventLog}. */
export interface EventLogOptions {
  /**
   * The most events told in one second; those beyond are counted, and the next line says how many. What failed is always
   * told. Default 100; `Infinity` for all, which costs a busy worker much of its throughput.
   */
  readonly maxPerSecond?: number
  /** Whether lines hold the event's payload. Default no. */
  readonly payload?: boolean
  /**
   * What of the payload nobody may read: paths such as `email`, `card.number`, `items[*].note`, `["odd-name"]`. Their values
   * are told as `[redacted]`.
   */
  readonly redact?: readonly string[]
}

/**
 * Tells of each event in one line: `info` when it is applied, `warn` for a try that failed and is followed by another,
 * `error` when something of it went to the dead-letter queue.
 *
 * @param logger where lines go: a pino of {@link createLogger} or your own, or whatever else has these three methods
 * @throws FabraError `invalid_setting`
 * @example
 * const logger = createLogger()
 * new AxiomWorker(store, { bus, cache, logger, telemetry: eventLog(logger) })
 */
export function eventLog(logger: Logger, options: EventLogOptions = {}): Telemetry {
  const { maxPerSecond = 100, payload = false } = options
  if (!(maxPerSecond >= 0)) {
    const message = `maxPerSecond is ${show(maxPerSecond)}: it must be a number from 0.`
    throw new FabraError("invalid_setting", message, { path: "maxPerSecond" })
  }
  const redact = redactor(options.redact ?? [])
  let second = Number.NaN
  let told = 0
  let skipped = 0

  const isTold = () => {
    const now = Math.floor(Date.now() / SECOND_MS)
    if (now !== second) {
      second = now
      told = 0
    }
    if (++told <= maxPerSecond) return true
    skipped++
    return false
  }
  const takeSkipped = () => {
    if (skipped === 0) return {}
    const taken = { events_skipped: skipped }
    skipped = 0
    return taken
  }
  const eventFields = ({ event, entityId }: Pick<AppliedEvent, "event"> & { readonly entityId?: string }) => ({
    event_type: event.eventType,
    entity_id: entityId ?? event.entityId,
    event_id: event.eventId,
  })

  return {
    eventApplied(applied: AppliedEvent) {
      const { featuresFailed, repeated } = applied
      const hasFailed = featuresFailed.length > 0
      if (repeated || (!hasFailed && !isTold())) return
      const fields = {
        ...eventFields(applied),
        duration_ms: applied.durationMs,
        features_updated: applied.featuresUpdated,
        ...(hasFailed ? { features_failed: featuresFailed } : {}),
        attempts: applied.attempts,
        partition: applied.partition,
        lag_ms: applied.freshnessMs,
        ...(payload ? { payload: redact(applied.event.payload) } : {}),
        ...takeSkipped(),
      }
      if (hasFailed) logger.error(fields, "event failed")
      else logger.info(fields, "event applied")
    },
    featureFailed(failed: FailedFeature) {
      const { feature, attempt, partition, willRetry, error } = failed
      // The last failure is told with the event, and in the worker's own log of dead letters.
      if (!willRetry) return
      logger.warn({ ...eventFields(failed), feature, attempt, partition, error }, "feature failed, trying again")
    },
  }
}

/** @throws FabraError `invalid_setting` for what is no path */
function redactor(paths: readonly string[]): (payload: JsonObject) => unknown {
  if (paths.length === 0) return (payload) => payload
  try {
    const redact = redaction({ paths: [...paths], censor: "[redacted]", serialize: false })
    return (payload) => redact(payload)
  } catch (cause) {
    const message = `redact is ${show(paths)}: ${(cause as Error).message}.`
    throw new FabraError("invalid_setting", message, { path: "redact", cause })
  }
}
