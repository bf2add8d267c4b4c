import type { StoredValue } from "../cache/cache.js"
import type { Feature, ServedValue } from "../feature/feature.js"
import { decodeValue } from "../feature/values.js"

/**
 * `PRESENT`: computed or set. `STALE`: so too, but longer ago than the feature's `maxAge` or `refresh`. `DEFAULT`: there is
 * no value, and the feature's `default` or `initial` is served. `MISSING`: there is none, and it has neither.
 */
export type FeatureStatus = "PRESENT" | "STALE" | "DEFAULT" | "MISSING"

/** A value, and how old it is. */
export interface FeatureValue<Value> {
  readonly value: Value
  readonly status: FeatureStatus
  /** Time of the newest event it comes from; `null` when no event made it. */
  readonly eventTime: Date | null
  /** When it was computed or set; `null` when it never was. Of a value that is made of a state: when it was read. */
  readonly computedAt: Date | null
  /** Only of a value that is not exact: by so many milliseconds the edge of the window it covers may be off. */
  readonly toleranceMs?: number | undefined
}

/** Features of one entity. */
export interface FeatureRow<F extends readonly Feature[]> {
  readonly entityId: string
  readonly features: { readonly [One in F[number] as One["name"]]: FeatureValue<ServedValue<One>> }
}

/** What is served does not depend on more of a feature. */
export type Ageing = Partial<Pick<Feature, "default" | "ttlMs" | "maxAgeMs">>

/** Makes the row that is served from what the cache had. */
export function serve(
  entityId: string,
  features: readonly Feature[],
  stored: readonly (StoredValue | undefined)[],
  now: number,
): FeatureRow<readonly Feature[]> {
  const values: Record<string, FeatureValue<unknown>> = {}
  for (let i = 0; i < features.length; i++) {
    const feature = features[i] as Feature
    setOwn(values, feature.name, serveValue(feature, stored[i], now))
  }
  return { entityId, features: values }
}

/** A feature may be named `__proto__`: assigned it would not be a property, but defining each one costs five times as much. */
function setOwn<Value>(object: Record<string, Value>, name: string, value: Value): void {
  if (name !== "__proto__") object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}

/** What is served of one feature at `now`, epoch milliseconds: what is stored and not gone, else its default. */
export function serveValue(feature: Ageing, stored: StoredValue | undefined, now: number): FeatureValue<unknown> {
  if (stored === undefined || isGone(feature, stored, now)) {
    const status = feature.default === undefined ? "MISSING" : "DEFAULT"
    return { value: structuredClone(feature.default), status, eventTime: null, computedAt: null }
  }
  return {
    value: decodeValue(stored.text),
    status: now - stored.computedAt > (feature.maxAgeMs ?? Number.POSITIVE_INFINITY) ? "STALE" : "PRESENT",
    eventTime: stored.eventTime === null ? null : new Date(stored.eventTime),
    computedAt: new Date(stored.computedAt),
  }
}

/** Whether a value has outlived the feature's `ttl`. */
export function isGone({ ttlMs }: Ageing, { computedAt }: Pick<StoredValue, "computedAt">, now: number): boolean {
  return ttlMs !== undefined && now - computedAt >= ttlMs
}
