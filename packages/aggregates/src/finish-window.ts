import type { FinishedValue, StateReader } from "@fabra/core/adapter"
import type { AggregateFunction, Part } from "./functions/aggregate-function.js"
import { mergeState } from "./functions/part-states.js"
import type { Coverage, Window } from "./windows/window.js"

/** One read of one aggregate over one window. */
export interface WindowRead {
  readonly state: StateReader
  /** The time of reading, epoch milliseconds. */
  readonly at: number
  readonly window: Window
  readonly fn: AggregateFunction
  /** All parts that are kept, in their order. */
  readonly parts: readonly Part[]
}

/** The value of an aggregate over a window; `undefined` when the window is empty. */
export function finishWindow({ state, at, window, fn, parts }: WindowRead): FinishedValue | undefined {
  // Aggregates of one window share what it covers, and parts.
  const coverage = state.once(window.key, () => window.cover(state, at, parts))
  const { singles, folded, newest, toleranceMs } = coverage
  if (singles.length === 0 && folded.length === 0) return undefined
  const states = fn.parts.map((part) =>
    state.once(`${window.key}/${part.id}`, () =>
      stateOf(
        part,
        coverage,
        parts.findIndex(({ id }) => id === part.id),
      ),
    ),
  )
  // A new aggregate has no state of the events before it was defined.
  if (states.some((one) => one === undefined || one === null)) return undefined
  const value = fn.finish(...states, at)
  return value === undefined ? undefined : { value, eventTime: newest, toleranceMs }
}

function stateOf(part: Part, { singles, folded }: Coverage, index: number): unknown {
  let state: unknown
  for (const states of folded) {
    state = mergeState(part, state, states[index])
  }
  for (let i = 0; i < singles.length; i += 2) {
    state = mergeState(part, state, part.of(singles[i + 1], singles[i] as number))
  }
  return state
}
