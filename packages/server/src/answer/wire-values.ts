import type { FeatureRow, FeatureValue } from "@fabra/core"
import { spellTime } from "@fabra/events/adapter"

type Features = FeatureRow<readonly []>["features"]

/** A value as it is served. `STALE`: older than the request wants it. */
export interface ServedFeature {
  readonly value: unknown
  readonly status: "PRESENT" | "STALE" | "DEFAULT" | "MISSING"
  readonly event_time: string | null
  readonly computed_at: string | null
  /** Only of a value that is not exact. */
  readonly tolerance_ms?: number
}

/** Makes of the values of a row what is spelled as JSON. */
export function toServed(features: Features) {
  return Object.fromEntries(
    Object.entries<FeatureValue<unknown>>(features).map(([name, value]) => [name, serveOne(value)]),
  )
}

/** Makes of one value what is spelled as JSON. */
export function serveOne({ value, status, eventTime, computedAt, toleranceMs }: FeatureValue<unknown>): ServedFeature {
  return {
    value: toJson(value),
    status,
    event_time: eventTime && spellTime(eventTime),
    computed_at: computedAt && spellTime(computedAt),
    ...(toleranceMs !== undefined && { tolerance_ms: toleranceMs }),
  }
}

/**
 * The members of the object that {@link toServed} makes, as JSON text. Reads are spelled so: to make the objects only to
 * spell them costs five times as much.
 * @param oldestMs values computed before this, epoch milliseconds, are `STALE`
 */
export function spellMembers(features: Features, oldestMs = Number.NEGATIVE_INFINITY): string {
  const values = features as Readonly<Record<string, FeatureValue<unknown>>>
  let text = ""
  for (const name in values) {
    if (text !== "") text += ","
    // A feature's name holds nothing that JSON would escape.
    text += `"${name}":${spellOne(values[name] as FeatureValue<unknown>, oldestMs)}`
  }
  return text
}

function spellOne(one: FeatureValue<unknown>, oldestMs: number): string {
  const { value, status, eventTime, computedAt, toleranceMs } = one
  const tolerance = toleranceMs === undefined ? "" : `,"tolerance_ms":${toleranceMs}`
  const shown = computedAt !== null && computedAt.getTime() < oldestMs ? "STALE" : status
  return `{"value":${spellValue(value)},"status":"${shown}","event_time":${quoteTime(eventTime)},"computed_at":${quoteTime(computedAt)}${tolerance}}`
}

function spellValue(value: unknown): string {
  // A number is spelled the same by both, and far sooner without JSON.
  return Number.isFinite(value) ? String(value) : JSON.stringify(toJson(value))
}

function quoteTime(time: Date | null): string {
  return time === null ? "null" : `"${spellTime(time)}"`
}

/** JSON has no Date and no bigint: they become ISO 8601 and digits. Nothing at all becomes null. */
export function toJson(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === "bigint") return String(value)
  if (typeof value !== "object" || value === null || value instanceof Date) return value
  if (Array.isArray(value)) return value.map(toJson)
  // fromEntries defines properties, so a key named __proto__ stays plain data.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
}
