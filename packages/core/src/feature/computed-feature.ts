import type { Sql } from "../offline/sql.js"
import type { Duration } from "./duration.js"
import type { AgeOptions, Computed, Entity, Feature, ServedValue } from "./feature.js"

/** What the reader of a feature has to say, as JSON. */
export type ReadInput = Readonly<Record<string, unknown>>

/** What a feature that is computed when it is read sees besides the entity's id. */
export interface ReadContext {
  /** What the reader gave; `{}` when nothing. Always `{}` where the value is kept (`refresh`): it is for everybody. */
  readonly input: ReadInput
  /** What time it is, by the store's clock. */
  readonly now: Date
  /**
   * Reads another feature of the same entity. What is asked for before the first `await` of all that is computed for one
   * read comes with a single call of the cache; `store.getFeature` reads other entities.
   */
  get<F extends Feature>(feature: F): Promise<ServedValue<F>>
  get<Value = unknown>(feature: string): Promise<Value | undefined>
  /** Reads the offline store. */
  readonly sql: Sql
  /** Fires when it has taken longer than `timeoutMs`. */
  readonly signal: AbortSignal
}

/** How a feature is computed when somebody reads it. */
export interface ReadFeatureOptions<Value> extends AgeOptions<Value> {
  /** The entity it belongs to, made by the same store; or its name. */
  readonly entity: Entity | string
  readonly trigger?: undefined
  readonly materialize?: false
  /**
   * How long a computed value is kept and served before it is computed again, once for all who ask meanwhile, whatever
   * process they ask in. Default: it is computed with each read, and never kept.
   */
  readonly refresh?: Duration | undefined
  /** With `refresh`: an older value is served at once, as `STALE`, while a new one is computed. Default: readers wait. */
  readonly staleWhileRevalidate?: boolean | undefined
  /** Milliseconds it may take; then its signal fires and the read fails. Default 30,000. */
  readonly timeoutMs?: number | undefined
  /** Computes the value; `undefined`: there is none. What it throws, the reader gets as `feature_failed`. */
  readonly compute: (entityId: string, context: ReadContext) => Computed<Value>
}

/** What computes a feature when it is read. */
export interface ReadHandler {
  readonly feature: Feature
  readonly compute: (entityId: string, context: ReadContext) => unknown
  /** `undefined`: it is never kept. */
  readonly refreshMs: number | undefined
  readonly staleWhileRevalidate: boolean
}
