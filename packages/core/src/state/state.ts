import type { Entity, EntityKeyFunction, Feature, Trigger, TriggerEvent } from "../feature/feature.js"
import type { FinishedValue, StateReader, StateReading } from "./state-reading.js"

/** Reads and changes the state of one entity, as part of the commit that settles the event. */
export interface StateWriter {
  get(field: string): string | undefined
  /** @param text JSON, so that tools can show it */
  set(field: string, text: string): void
}

/** A feature that is made of a state when it is read. */
export interface StateFeatureOptions<Value = unknown> {
  /** The fields that it is made of: those, and no others, are read with it. */
  readonly fields: readonly string[]
  /**
   * Makes the value as it is at `at`, epoch milliseconds: in a handler the time of the event, elsewhere that of the store's
   * clock. Pure. `undefined`: there is none, and `default` is served.
   */
  readonly finish: (state: StateReader, at: number) => FinishedValue<Value> | undefined
  readonly default?: Value | undefined
  /** For people, in lists: `sum over 1h`. */
  readonly about: string
}

/** How events change a state, and the features that are made of it. See {@link defineState}. */
export interface StateOptions<T extends Trigger | readonly Trigger[] = Trigger | readonly Trigger[]> {
  /** The entity it belongs to, made by the same store; or its name. */
  readonly entity: Entity | string
  /** The event or events that change it. Left out: nothing does here, and its features can be read. */
  readonly trigger?: T | undefined
  /** Only events it returns true for change the state. */
  readonly when?: ((event: TriggerEvent<T>) => boolean) | undefined
  /** As of a feature: which entities of the type an event changes. Default: the one with the event's own id. */
  readonly key?: EntityKeyFunction<T> | undefined
  /** As of a feature: 0 to 100, default 3. */
  readonly maxRetries?: number | undefined
  /** All fields there are. Each is one of the entity's record, so what an event does not change is not written again. */
  readonly fields: readonly string[]
  /**
   * Milliseconds after which a field that no event has written counts for no reader any more, so that the record may age away.
   * Default: never.
   */
  readonly keepMs?: number | undefined
  /**
   * Applies an event. Pure: it may run more than once for one event, and what it throws is retried, then dead-lettered, and
   * changes nothing.
   * @returns whether the event counts; false when it is too old to change anything
   */
  readonly update: (state: StateWriter, event: TriggerEvent<T>) => boolean
  /** By name. */
  readonly features: Readonly<Record<string, StateFeatureOptions<any>>>
}

/** A name under which the record of an entity keeps something: the value of a feature, or a field of a state. */
export interface StoredField extends Pick<Feature, "name" | "entity" | "ttlMs"> {
  /** The state it is a field of. */
  readonly state?: Pick<StateReading, "name"> | undefined
}

/** The name of a field of a state in the entity's record. No feature can have it. */
export function fieldName(state: string, field: string): string {
  return `${state}~${field}`
}
