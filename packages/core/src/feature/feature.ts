import type { AxiomEvent, EventDefinition, EventOf } from "@fabra/events"
import type { Sql } from "../offline/sql.js"
import type { StateReading } from "../state/state-reading.js"
import type { Duration } from "./duration.js"

/** A type of thing that features describe: `User`, `Document`. Made by `store.entity`. */
export interface Entity<Name extends string = string> {
  readonly name: Name
  /** What its id is called in rows and requests, for example `user_id`. */
  readonly key: string
}

/** What a feature can be triggered by: an event definition, or the bare name of an event. */
export type Trigger = EventDefinition<string, any, any> | string

/** The event a handler gets for a trigger: typed by its definition, plain JSON for a bare name. */
export type TriggerEvent<T> = T extends readonly (infer One)[]
  ? TriggerEvent<One>
  : T extends string
    ? AxiomEvent<T>
    : EventOf<T>

/** The event as it was published, before the schema has made anything of it. */
export type PublishedEvent<T> = T extends readonly (infer One)[]
  ? PublishedEvent<One>
  : T extends EventDefinition<infer Name, infer Input, any>
    ? AxiomEvent<Name, Input>
    : T extends string
      ? AxiomEvent<T>
      : never

/**
 * Which entities an event changes: an id, a list of at most 100 ids, or `undefined` for none. Sees the event as it was published. Pure:
 * it is called again whenever the event is read again, and must return the same ids.
 */
export type EntityKeyFunction<T> = (event: PublishedEvent<T>) => string | readonly string[] | undefined

/** What a handler sees besides the event. Reads and writes are one transaction on the event's entity. */
export interface FeatureContext<Current = unknown> {
  /** The feature's own value so far; `initial` (or `undefined`) before the first. A copy: changing it changes nothing. */
  readonly current: Current
  /** Reads a feature of the same entity, or a value once set under a free key. Sees what this event changed already. */
  get<F extends Feature>(feature: F): ServedValue<F>
  get<Value = unknown>(key: string): Value | undefined
  /** Sets another feature of the same entity, or a value under a free key, together with this feature's own value. */
  set<Value>(feature: Feature<string, Value, any>, value: Value): void
  set(key: string, value: unknown): void
  /** Time of the newest event that the feature's value comes from; `null` when there is none. */
  readonly lastEventTime: Date | null
  /** Whether this event is older than that: it comes late. */
  readonly isLate: boolean
  /**
   * When the event is computed, by the worker's clock: the value's `computedAt`; in a test kit the kit's time. A retry, a replay or a
   * computation from the log sees another time: what must come out the same again goes by `event.timestamp`.
   */
  readonly now: Date
  /** Reads the offline store. A plain read: nothing of it is part of the transaction. */
  readonly sql: Sql
  /** Fires when the handler has outlived its time-out or the worker gives up on it. */
  readonly signal: AbortSignal
  /** 1 for the first try. */
  readonly attempt: number
}

/** Whatever a handler may return: a value, `undefined` to change nothing, or a promise of either. */
export type Computed<Value> = Value | undefined | Promise<Value | undefined>

/** How long the values of a feature are good for, and what is served when there is none. */
export interface AgeOptions<Value> {
  /** A value that was computed longer ago is served as `STALE`. Default: none is. */
  readonly maxAge?: Duration | undefined
  /** A value that was computed so long ago is gone, for readers and handlers, as if it had never been. Default: never. */
  readonly ttl?: Duration | undefined
  /** What is served, with status `DEFAULT`, when there is no value. Default: `initial`. */
  readonly default?: Value
}

/** How a feature is computed when one of its events happens. */
export interface FeatureOptions<T extends Trigger | readonly Trigger[], Value, Current> extends AgeOptions<Value> {
  /** The entity it belongs to, made by the same store; or its name. */
  readonly entity: Entity | string
  /** The event or events that change it. Left out together with `compute`: the feature is only set directly, with `setFeature`. */
  readonly trigger: T
  /**
   * Which entities of the type an event changes. Default: the one with the event's own id. With `entity: Merchant`, `key: (event) =>
   * event.payload.merchant_id` makes a customer's event change a feature of the merchant; the handler gets the merchant's id.
   */
  readonly key?: EntityKeyFunction<T> | undefined
  /** The value before the first event; it is also what is served then, with status `DEFAULT`. */
  readonly initial?: Value
  /** Only events it returns true for change the feature. */
  readonly when?: ((event: TriggerEvent<T>) => boolean) | undefined
  /** Further tries after a failed one, before the event goes to the dead-letter queue. 0 to 100, default 3. */
  readonly maxRetries?: number | undefined
  /**
   * What becomes of an event that is older, by its `timestamp`, than one the value comes from already. `apply` (default):
   * it changes the feature as any other. `skip`: it does not, which is right for whatever holds the last of something.
   */
  readonly onLate?: "apply" | "skip" | undefined
  /** Milliseconds a handler may take; then its signal fires and the try has failed. Default 30,000. */
  readonly timeoutMs?: number | undefined
  /**
   * Computes the new value. May be run more than once for one event (after a conflict, a crash, a failure), so it should
   * have no effects elsewhere, or use `event.eventId` as idempotency key for them. `undefined` changes nothing.
   */
  readonly compute: (entityId: string, event: TriggerEvent<T>, context: FeatureContext<Current>) => Computed<Value>
}

/**
 * A feature of a store, as a typed handle.
 * @typeParam Value what is set and computed
 * @typeParam Served what reading gives: `Value`, or also `undefined` where there is no `initial`
 */
export interface Feature<Name extends string = string, Value = any, Served = Value | undefined> {
  readonly name: Name
  readonly entity: Entity
  /** Names of the events that change it. */
  readonly triggers: readonly string[]
  readonly maxRetries: number
  readonly timeoutMs: number
  readonly onLate: "apply" | "skip"
  readonly initial: Value | undefined
  /** What is served when there is no value. */
  readonly default: Value | undefined
  /** What computes it: its events, whoever reads it, a schedule, or nothing (it is only set directly, with `setFeature`). */
  readonly computedBy: "events" | "reads" | "schedule" | "nothing"
  /** Milliseconds; `undefined`: for ever. See {@link AgeOptions}. */
  readonly maxAgeMs: number | undefined
  readonly ttlMs: number | undefined
  /** Its `key` says which entities an event changes. */
  readonly keyed?: boolean | undefined
  /** The state that the value is made of when it is read; `undefined`: the value itself is kept. */
  readonly state?: StateReading | undefined
  /** Only of the handler of a state, which is no feature that can be read: the features that are made of that state. */
  readonly makes?: readonly string[] | undefined
  /** Carries the types; never there at run time. */
  readonly $types?: { readonly value: Value; readonly served: Served }
}

/** What reading a feature gives. */
export type ServedValue<F> = F extends Feature<string, any, infer Served> ? Served : never

/** What of a feature only the worker sees. */
export interface FeatureHandler {
  readonly feature: Feature
  readonly when: ((event: AxiomEvent<string, any>) => boolean) | undefined
  /** See {@link EntityKeyFunction}; `undefined`: the event's own id. */
  readonly key?: ((event: AxiomEvent<string, any>) => unknown) | undefined
  readonly compute: (entityId: string, event: AxiomEvent<string, any>, context: FeatureContext<any>) => unknown
}
