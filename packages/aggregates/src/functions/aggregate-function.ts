/**
 * A part of what an aggregate is made of: a commutative semigroup, so that tiles can be merged in any order. Aggregates that
 * need the same part (`mean` and `sum`) share it. A state is JSON without objects.
 */
export interface Part<State = any, Input = any> {
  /** Names the part: parts of the same id are the same. */
  readonly id: string
  /** The state of a single value. @param time of its event, epoch milliseconds */
  readonly of: (value: Input, time: number) => State
  /** Both states together; neither is changed. Where order matters, `state` holds what came first of equal times. */
  readonly merge: (state: State, other: State) => State
}

/** Computes a value from the events in a window. `Served` also covers the value of an empty window. */
export interface AggregateFunction<Value = any, Served = any, Input = any> {
  /** For people: `quantile 0.95`. */
  readonly about: string
  readonly parts: readonly Part[]
  /** Says what is wrong with a value that cannot be aggregated; `undefined`: nothing. */
  readonly refuse: (value: Input) => string | undefined
  /** Makes the value of the states of {@link parts}, in that order; the last argument is the time of reading. */
  readonly finish: (...states: any[]) => Value | undefined
  /** The value of an empty window. */
  readonly default: Value | undefined
  /** Carries the type; never there at run time. */
  readonly $served?: Served
}

/** An aggregate whose empty windows give `fallback` instead of `undefined`. @example withDefault(mean(), 0) */
export function withDefault<Value, Input>(
  aggregate: AggregateFunction<Value, Value | undefined, Input>,
  fallback: Value,
): AggregateFunction<Value, Value, Input> {
  return { ...aggregate, default: fallback } as AggregateFunction<Value, Value, Input>
}

/** Refuses what is no finite number. */
export function notNumber(value: unknown): string | undefined {
  return Number.isFinite(value) ? undefined : "it must be a finite number"
}

/** Refuses nothing. */
export const anything = (): undefined => undefined
