import type { StoredValue } from "./cache.js"
import type { Feature, ServedValue } from "./feature.js"
import { decodeValue } from "./values.js"

/** `PRESENT`: computed or set. `DEFAULT`: never, and the feature's `initial` is served. `MISSING`: never, and it has none. */
export type FeatureStatus = "PRESENT" | "DEFAULT" | "MISSING"

/** A value, and how old it is. */
export interface FeatureValue<Value> {
  readonly value: Value
  readonly status: FeatureStatus
  /** Time of the event it comes from; `null` when no event made it. */
  readonly eventTime: Date | null
  /** When it was computed or set; `null` when it never was. */
  readonly computedAt: Date | null
}

/** Features of one entity. */
export interface FeatureRow<F extends readonly Feature[]> {
  readonly entityId: string
  readonly features: { readonly [One in F[number] as One["name"]]: FeatureValue<ServedValue<One>> }
}

/** Makes the row that is served from what the cache had. */
export function serve(
  entityId: string,
  features: readonly Feature[],
  stored: readonly (StoredValue | undefined)[],
): FeatureRow<readonly Feature[]> {
  const values = features.map((feature, i) => [feature.name, serveValue(feature, stored[i])])
  return { entityId, features: Object.fromEntries(values) }
}

/** What is served of one feature: what is stored, else its `initial`. */
export function serveValue(
  { initial }: Pick<Feature, "initial">,
  stored: StoredValue | undefined,
): FeatureValue<unknown> {
  if (stored === undefined) {
    const status = initial === undefined ? "MISSING" : "DEFAULT"
    return { value: structuredClone(initial), status, eventTime: null, computedAt: null }
  }
  return {
    value: decodeValue(stored.text),
    status: "PRESENT",
    eventTime: stored.eventTime === null ? null : new Date(stored.eventTime),
    computedAt: new Date(stored.computedAt),
  }
}
