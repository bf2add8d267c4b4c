import type { EntityPage } from "../cache/cache.js"
import type { Sql } from "../offline/sql.js"
import type { Duration } from "./duration.js"
import type { AgeOptions, Computed, Entity, Feature } from "./feature.js"
import type { Refresh, Schedule } from "./schedule.js"

/** What a feature that is computed on schedule sees besides ids. Other features are read with `store.getFeatures`. */
export interface ScheduleContext {
  /** The turn of the schedule that this is for; the same however late it is computed, and by whom. */
  readonly scheduledFor: Date
  /** What time it is, by the worker's clock: later than `scheduledFor`, and another with each try. */
  readonly now: Date
  /** Reads the offline store. */
  readonly sql: Sql
  /** Fires when it has taken longer than `timeoutMs`, or the worker gives the run up. */
  readonly signal: AbortSignal
}

/** How a feature is computed on schedule, for all entities, by one of the workers. */
export interface ScheduledFeatureOptions<Value> extends AgeOptions<Value> {
  /** The entity it belongs to, made by the same store; or its name. */
  readonly entity: Entity | string
  readonly trigger?: undefined
  /** When: every so often (`"5m"`: at full multiples of it since 1970, UTC), or `{ cron, timeZone }`, by default in UTC. */
  readonly refresh: Refresh
  readonly materialize: true
  /** Each turn begins up to so much later, by chance, the same for all workers. Default 0. */
  readonly jitter?: Duration | undefined
  /** Which entities, page by page, from the beginning where `after` is not given. Default: all that have a record. */
  readonly entities?:
    | ((page: { readonly after?: string; readonly limit: number }) => EntityPage | Promise<EntityPage>)
    | undefined
  /** So many are computed at once. 1 to 1,000, default 16. */
  readonly concurrency?: number | undefined
  /** Further tries after a failed one; then the entity keeps the value it has. 0 to 100, default 3. */
  readonly maxRetries?: number | undefined
  /** Milliseconds one call may take, or the query of `sql` for a page of 500 entities. Default 30,000. */
  readonly timeoutMs?: number | undefined
  /** Computes the value of one entity; `undefined` changes nothing. May be run more than once for a turn. */
  readonly compute?: ((entityId: string, context: ScheduleContext) => Computed<Value>) | undefined
  /** Instead of `compute`: the values of many entities at once, by id; those that are left out are not changed. */
  readonly computeMany?:
    | ((
        entityIds: readonly string[],
        context: ScheduleContext,
      ) => ReadonlyMap<string, Value> | Promise<ReadonlyMap<string, Value>>)
    | undefined
  /**
   * Instead of `compute`: a query of the offline store that yields `entity_id` and `value`, one row for each entity that
   * gets a value. The others keep what they have; `ttl` lets it go.
   */
  readonly sql?: string | undefined
}

/** A feature that is a query: its values have whatever type the query gives them. */
export type SqlFeatureOptions<Value> = Omit<ScheduledFeatureOptions<Value>, "compute" | "computeMany" | "entities"> & {
  readonly sql: string
}

/** What computes a feature on schedule. */
export interface ScheduledHandler
  extends Pick<ScheduledFeatureOptions<any>, "compute" | "computeMany" | "entities" | "sql"> {
  readonly feature: Feature
  readonly schedule: Schedule
  readonly jitterMs: number
  readonly concurrency: number
}
