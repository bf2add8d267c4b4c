import type { SearchQuery as CoreQuery, Feature, VectorIndex } from "@fabra/core"
import type { ServedValue } from "@fabra/core/adapter"
import type { EventDefinition, JsonObject } from "@fabra/events"
import type { FabraApiError } from "./api-error.js"

/** A name that is known; `string` is none. */
type Known<Name extends string> = string extends Name ? never : Name

/** The features that an export is, or has: those of an aggregation are grouped by aggregate, then by window. */
type FeaturesIn<Export> = Export extends Feature
  ? Export
  : Export extends Readonly<Record<string, Readonly<Record<string, Feature>>>>
    ? FeaturesIn<Export[keyof Export][keyof Export[keyof Export]]>
    : never

/** The features among the exports of a module, by their names, with what reading them gives. */
export type FeaturesOf<App> = {
  readonly [One in FeaturesIn<App[keyof App]> as Known<One["name"]>]: OnWire<ServedValue<One>>
}

/** The events among the exports of a module, by their names, with the payload they are published with. */
export type EventsOf<App> = {
  readonly [Key in keyof App as App[Key] extends EventDefinition<infer Name, any, any>
    ? Known<Name>
    : never]: App[Key] extends EventDefinition<any, infer Input, any> ? Input : never
}

/** A value as HTTP carries it: a `Date` and a `bigint` are text, and what is not there is null. */
export type OnWire<Value> = unknown extends Value
  ? unknown
  : Value extends undefined
    ? null
    : Value extends Date | bigint
      ? string
      : Value extends readonly (infer Item)[]
        ? readonly OnWire<Item>[]
        : Value extends object
          ? { readonly [Key in keyof Value]: OnWire<Value[Key]> }
          : Value

/** Names of features: those that the module exports; any, where no module is given. */
export type FeatureName<App> = unknown extends App ? string : keyof FeaturesOf<App> & string

/** Names of indexes: those that the module exports; any, where no module is given. */
export type IndexName<App> = unknown extends App
  ? string
  : { [Key in keyof App]: App[Key] extends VectorIndex<infer Name> ? Known<Name> : never }[keyof App]

/** What is looked for in an index. */
export type SearchQuery = Pick<CoreQuery, "text" | "vector" | "topK" | "filter" | "mode" | "efSearch">

/** A value, and how old it is. */
export interface FeatureValue<Value> {
  readonly value: Value
  /** `STALE`: older than was asked for. `DEFAULT`: the feature's initial value. `MISSING`: there is none, value is null. */
  readonly status: "PRESENT" | "STALE" | "DEFAULT" | "MISSING"
  /** Time of the event it comes from; `null` when no event made it. */
  readonly eventTime: Date | null
  /** When it was computed; `null` when it never was. */
  readonly computedAt: Date | null
  /** Only of a value that is not exact: by so many milliseconds the edge of the window it covers may be off. */
  readonly toleranceMs?: number | undefined
}

type ValueOf<All, Name> = Name extends keyof All ? All[Name] : unknown

/** Values by the names of their features. */
export type FeatureValues<App, Name extends string> = {
  readonly [One in Name]: FeatureValue<ValueOf<FeaturesOf<App>, One>>
}

/** Values of one entity: which of the module's features these are is known when they are there. */
export type EntityValues<App> = unknown extends App
  ? Readonly<Record<string, FeatureValue<unknown>>>
  : Partial<FeatureValues<App, FeatureName<App>>>

/** Which entities are meant: an id under the key of each, as `{ user_id: "user_123" }`. */
export type EntityRow = Readonly<Record<string, string>>

/** An event to be published, but for its type. */
export type EventInput<App, Type extends string> = {
  readonly entityId: string
  /** Default now. A number is epoch milliseconds; a string is ISO 8601. */
  readonly timestamp?: Date | string | number
  /** Default a new one. Publishing it again under the same id changes nothing. */
  readonly eventId?: string
  /** W3C trace context. */
  readonly traceparent?: string
} & PayloadOf<Type extends keyof EventsOf<App> ? EventsOf<App>[Type] : JsonObject>

/** It may be left out where an empty one will do. */
type PayloadOf<Payload> =
  Record<never, never> extends Payload ? { readonly payload?: Payload } : { readonly payload: Payload }

/** An event to be published together with others. */
export type ManyInput<App> = {
  [Type in keyof EventsOf<App> & string]: { readonly eventType: Type } & EventInput<App, Type>
}[keyof EventsOf<App> & string] extends infer Known
  ? [Known] extends [never]
    ? { readonly eventType: string } & EventInput<App, string>
    : Known
  : never

/** The server has the event. */
export interface Ingested {
  readonly eventId: string
  /** The server had it already; nothing was added. */
  readonly duplicate: boolean
}

/** The server has the event, and what is known of its effects. */
export interface Applied<App> extends Ingested {
  /** Every feature it triggers is applied. False: not yet, as far as is known, or see `deadLettered`. */
  readonly applied: boolean
  /** Features that failed on it for good. */
  readonly deadLettered: readonly string[]
  /** Their values, once applied. */
  readonly features: Partial<FeatureValues<App, FeatureName<App>>>
}

/** What became of one event of many. */
export type IngestResult =
  | ({ readonly ok: true } & Ingested)
  | { readonly ok: false; readonly eventId: string; readonly error: FabraApiError }
