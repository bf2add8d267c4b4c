import type { StateReader, StateWriter } from "@fabra/core/adapter"
import type { Part } from "../functions/aggregate-function.js"
import type { PartStates } from "../functions/part-states.js"

/** A value and its time, as windows get it. */
export interface Sample {
  /** Event time, epoch milliseconds. */
  readonly time: number
  readonly value: unknown
  /** The event it comes from. */
  readonly event: any
}

/** The events that a window covers at one time. */
export interface Coverage {
  /** Single events: time, value, time, value, …, in order of time. */
  readonly singles: readonly unknown[]
  /** The states of parts of folded events, older ones first. */
  readonly folded: readonly PartStates[]
  /** Time of the newest event, epoch milliseconds; −∞ when there is none. */
  readonly newest: number
  readonly toleranceMs: number
}

/** How the events of one or several windows are kept. */
export interface Layout {
  /** Names it in the fields; windows of one layout share them. */
  readonly key: string
  readonly fields: readonly string[]
  /** Milliseconds after which no window covers a field any more; `undefined`: never. */
  readonly keepMs: number | undefined
  /** Returns false for an event that is too old to be kept. */
  add(state: StateWriter, sample: Sample, parts: readonly Part[]): boolean
}

/** One window: what of its layout it covers. */
export interface Window {
  /** Names its features: `1h` of `spend_sum_1h`. */
  readonly key: string
  /** For people: `the last 1h`. */
  readonly about: string
  readonly layout: Layout
  /** Returns what it covers at the time `at`, epoch milliseconds. */
  cover(state: StateReader, at: number, parts: readonly Part[]): Coverage
}
