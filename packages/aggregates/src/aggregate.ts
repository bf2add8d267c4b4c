import type { Entity, EntityKeyFunction, Feature, FeatureStore, Trigger, TriggerEvent } from "@fabra/core"
import { defineState, type StateFeatureOptions } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import { finishWindow } from "./finish-window.js"
import type { AggregateFunction, Part } from "./functions/aggregate-function.js"
import type { Layout, Window } from "./windows/window.js"
import { type WindowKey, type WindowOptions, windowOf } from "./windows/windows.js"

/** Options of {@link aggregate}. */
export interface AggregateOptions<T, Windows, Aggregates, Value> {
  /** The entity it belongs to, made by the same store; or its name. */
  readonly entity: Entity | string
  /** The event or events that are aggregated. */
  readonly trigger: T
  /** Only events it returns true for count. */
  readonly when?: ((event: TriggerEvent<T>) => boolean) | undefined
  /** Which entities of the type an event counts for, by its payload. Default: the one with the event's own id. */
  readonly key?: EntityKeyFunction<T> | undefined
  /** Returns the value of an event that is aggregated; `undefined` skips the event. Pure. Default: events are only counted. */
  readonly value?: ((event: TriggerEvent<T>) => Value | undefined) | undefined
  readonly windows: Windows
  /** By the name that it has in the names of features. */
  readonly aggregates: Aggregates
  /** Further tries after a failed one. 0 to 100, default 3. */
  readonly maxRetries?: number | undefined
}

/** The features of an aggregation: by aggregate, then by window. */
export type AggregateFeatures<Name extends string, Windows extends readonly unknown[], Aggregates> = {
  readonly [A in keyof Aggregates & string]: {
    readonly [W in WindowKey<Windows[number]>]: Aggregates[A] extends AggregateFunction<infer Value, infer Served, any>
      ? Feature<`${Name}_${A}_${W}`, Value, Served>
      : never
  }
}

/** The type of value that all aggregates accept: numbers where one of them is `sum()`. */
type InputOf<Aggregates> = {
  [A in keyof Aggregates]: Aggregates[A] extends AggregateFunction<any, any, infer Input>
    ? (input: Input) => void
    : never
}[keyof Aggregates] extends (input: infer All) => void
  ? All
  : never

/**
 * Defines features that aggregate the events of an entity over windows, one for each aggregate and window: `spend_sum_1h`. What
 * they need is kept in the entity's record, and committed exactly once in effect; values are made when they are read.
 *
 * @example
 * const spend = aggregate(store, "spend", {
 *   entity: User,
 *   trigger: purchase,
 *   value: (event) => event.payload.amount,
 *   windows: ["1h", "24h", { every: "day", timeZone: "Europe/Berlin" }],
 *   aggregates: { sum: sum(), count: count(), p95: quantile(0.95) },
 * })
 * await store.getFeatures([spend.sum["1h"], spend.count.day], "user_123")
 * @throws FabraError `invalid_argument`, `invalid_name`, `duplicate_name`, `unknown_entity`
 */
export function aggregate<
  Name extends string,
  const T extends Trigger | readonly Trigger[],
  const Windows extends readonly WindowOptions[],
  const Aggregates extends Readonly<Record<string, AggregateFunction>>,
  Value extends InputOf<Aggregates>,
>(
  store: FeatureStore,
  name: Name,
  options: AggregateOptions<T, Windows, Aggregates, Value>,
): AggregateFeatures<Name, Windows, Aggregates> {
  const { entity, trigger, when, key, maxRetries, aggregates } = options
  const value: (event: TriggerEvent<T>) => unknown = options.value ?? (() => null)
  const windows = windowsOf(options.windows)
  const functions = Object.entries<AggregateFunction>(aggregates)
  if (functions.length === 0)
    throw fault("aggregates", "aggregates is empty: name one at least, such as { sum: sum() }.")
  const needy = options.value === undefined ? functions.find(([, { refuse }]) => refuse(null) !== undefined) : undefined
  if (needy !== undefined) throw fault("value", `value is missing: "${needy[0]}" needs one.`)
  const parts = uniqueParts(functions)
  const layouts = [...new Map(windows.map(({ layout }) => [layout.key, layout])).values()]
  const made = functions.flatMap(([one, fn]) =>
    windows.map((window) => ({
      one,
      window,
      feature: `${name}_${one}_${window.key}`,
      options: feature(window, fn, parts),
    })),
  )
  const twice = made.find(({ feature }, i) => made.findIndex((other) => other.feature === feature) !== i)
  if (twice !== undefined)
    throw fault("windows", `two features would be named "${twice.feature}": give a window a name of its own.`)
  const features = defineState(store, name, {
    entity,
    trigger,
    when: when as never,
    key: key as never,
    maxRetries,
    fields: layouts.flatMap(({ fields }) => fields),
    keepMs: longest(layouts),
    update(state, event) {
      const found = value(event as TriggerEvent<T>)
      if (found === undefined) return true
      for (const [one, { refuse }] of functions) check(name, one, found, refuse(found))
      const sample = { time: event.timestamp.getTime(), value: found, event }
      let isKept = false
      for (const layout of layouts) if (layout.add(state, sample, parts)) isKept = true
      return isKept
    },
    features: Object.fromEntries(made.map(({ feature, options }) => [feature, options])),
  })
  const grouped: Record<string, Record<string, Feature>> = {}
  for (const { one, window, feature } of made) {
    grouped[one] ??= {}
    ;(grouped[one] as Record<string, Feature>)[window.key] = features[feature] as Feature
  }
  return grouped as AggregateFeatures<Name, Windows, Aggregates>
}

function feature(window: Window, fn: AggregateFunction, parts: readonly Part[]): StateFeatureOptions {
  return {
    about: `${fn.about} over ${window.about}`,
    fields: window.layout.fields,
    default: fn.default,
    finish: (state, at) => finishWindow({ state, at, window, fn, parts }),
  }
}

function windowsOf(windows: readonly WindowOptions[]): readonly Window[] {
  if (!Array.isArray(windows) || windows.length === 0) {
    throw fault("windows", 'windows must be a list of one window at least, such as ["1h"].')
  }
  return windows.map((window, i) => windowOf(window, `windows[${i}]`))
}

function uniqueParts(functions: readonly (readonly [string, AggregateFunction])[]): readonly Part[] {
  return [...new Map(functions.flatMap(([, { parts }]) => parts).map((part) => [part.id, part])).values()]
}

function longest(layouts: readonly Layout[]): number | undefined {
  const all = layouts.map(({ keepMs }) => keepMs)
  return all.includes(undefined) ? undefined : Math.max(...(all as number[]))
}

function check(name: string, one: string, value: unknown, complaint: string | undefined): void {
  if (complaint === undefined) return
  throw new FabraError("invalid_value", `value of "${name}" is ${show(value)}: for "${one}" ${complaint}.`, {
    path: "value",
  })
}

function fault(path: string, message: string): FabraError {
  return new FabraError("invalid_argument", message, { path })
}
