import type { FeatureRow, FeatureValue } from "@fabra/core"

/** A value as it is served. `STALE`: older than the request wants it. */
export interface ServedFeature {
  readonly value: unknown
  readonly status: "PRESENT" | "STALE" | "DEFAULT" | "MISSING"
  readonly event_time: string | null
  readonly computed_at: string | null
}

/** Spells the values of a row for JSON. @param oldestMs values computed before this, epoch milliseconds, are `STALE` */
export function toServed(features: FeatureRow<readonly []>["features"], oldestMs = Number.NEGATIVE_INFINITY) {
  return Object.fromEntries(
    Object.entries<FeatureValue<unknown>>(features).map(([name, value]) => [name, serveOne(value, oldestMs)]),
  )
}

/** Spells one value for JSON. */
export function serveOne(
  { value, status, eventTime, computedAt }: FeatureValue<unknown>,
  oldestMs = Number.NEGATIVE_INFINITY,
): ServedFeature {
  return {
    value: toJson(value),
    status: computedAt !== null && computedAt.getTime() < oldestMs ? "STALE" : status,
    event_time: eventTime?.toISOString() ?? null,
    computed_at: computedAt?.toISOString() ?? null,
  }
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
