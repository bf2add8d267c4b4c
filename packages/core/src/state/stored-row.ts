import type { StoredValue } from "../cache/cache.js"
import type { Feature } from "../feature/feature.js"
import { type Ageing, type FeatureValue, serveValue } from "../serve/serve.js"
import { fieldName } from "./state.js"
import type { StateReader } from "./state-reading.js"

/** Finds what is stored of one entity under a name. */
export type Lookup = (name: string) => StoredValue | undefined

/** The names under which the values of features are stored, and the states they are made of. */
export function storedNames(features: readonly Feature[]): readonly string[] {
  return [...new Set(features.flatMap(({ name, state }) => state?.stored ?? [name]))]
}

/** The stored values of one entity, as they are served at one time. */
export class StoredRow {
  readonly #lookup: Lookup
  readonly #at: number
  readonly #states = new Map<string, StateReader>()

  /** @param at epoch milliseconds */
  constructor(lookup: Lookup, at: number) {
    this.#lookup = lookup
    this.#at = at
  }

  /** @param feature one of the store, or the name of a key that is none */
  serve(feature: Pick<Feature, "name" | "state"> & Ageing): FeatureValue<unknown> {
    const { state } = feature
    if (state === undefined) return serveValue(feature, this.#lookup(feature.name), this.#at)
    const finished = state.finish(this.#readerOf(state.name), this.#at)
    if (finished === undefined) return serveValue(feature, undefined, this.#at)
    const { value, eventTime, toleranceMs } = finished
    const served = { value, status: "PRESENT", eventTime: new Date(eventTime), computedAt: new Date(this.#at) } as const
    return toleranceMs === 0 ? served : { ...served, toleranceMs }
  }

  #readerOf(name: string): StateReader {
    let reader = this.#states.get(name)
    if (reader === undefined) {
      reader = new Reader(name, this.#lookup)
      this.#states.set(name, reader)
    }
    return reader
  }
}

class Reader implements StateReader {
  readonly #state: string
  readonly #lookup: Lookup
  readonly #made = new Map<string, unknown>()

  constructor(state: string, lookup: Lookup) {
    this.#state = state
    this.#lookup = lookup
  }

  get(field: string): string | undefined {
    return this.#lookup(fieldName(this.#state, field))?.text
  }

  once<Result>(key: string, make: () => Result): Result {
    if (!this.#made.has(key)) this.#made.set(key, make())
    return this.#made.get(key) as Result
  }
}
