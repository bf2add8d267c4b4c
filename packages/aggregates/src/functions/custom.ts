import { checkName } from "@fabra/events/adapter"
import { type AggregateFunction, anything } from "./aggregate-function.js"

/** An aggregate of one's own. Every function is pure; a state is JSON, not `null`, and is not changed. */
export interface CustomAggregate<Value, State, Input> {
  /** Names it among the aggregates of one definition, and in lists; as the name of a feature. */
  readonly about: string
  /** The state of no values. */
  readonly empty: State
  /** @param time of the event, epoch milliseconds */
  readonly add: (state: State, value: Input, time: number) => State
  /** Both together. Whatever the order and the grouping, the result must be the same. */
  readonly merge: (state: State, other: State) => State
  readonly finish: (state: State) => Value | undefined
}

/**
 * An aggregate of one's own; an empty window gives what `finish` makes of `empty`.
 * @throws FabraError `invalid_name` for its `about`
 * @example
 * const product = custom({
 *   about: "product",
 *   empty: 1,
 *   add: (state, value: number) => state * value,
 *   merge: (state, other) => state * other,
 *   finish: (state) => state,
 * })
 */
export function custom<Value, State, Input>(
  aggregate: CustomAggregate<Value, State, Input>,
): AggregateFunction<Value, Value | undefined, Input> {
  const { about, empty, add, merge, finish } = aggregate
  checkName("aggregate", about)
  const part = { id: `custom ${about}`, of: (value: Input, time: number) => add(empty, value, time), merge }
  return { about, parts: [part], refuse: anything, finish, default: finish(empty) }
}
