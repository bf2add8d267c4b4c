import { checkWhole } from "@fabra/events/adapter"
import { packValue, unpackValue } from "../packed-value.js"
import { type AggregateFunction, anything, type Part } from "./aggregate-function.js"

/** A value and the time of its event. */
type Timed = readonly [time: number, value: unknown]

const MAX_KEPT = 1000

const earliest: Part<Timed, unknown> = {
  id: "first",
  of: (value, time) => [time, packValue(value)],
  merge: (a, b) => (b[0] < a[0] ? b : a),
}
const latest: Part<Timed, unknown> = {
  id: "last",
  of: (value, time) => [time, packValue(value)],
  merge: (a, b) => (b[0] >= a[0] ? b : a),
}

/** The value of the earliest event, by event time. `undefined` for an empty window. */
export function first<Value = any>(): AggregateFunction<Value, Value | undefined, Value> {
  const finish = ([, value]: Timed) => unpackValue(value) as Value
  return { about: "first", parts: [earliest], refuse: anything, finish, default: undefined }
}

/** The value of the latest event, by event time; of several at one time the one that the bus accepted last. */
export function last<Value = any>(): AggregateFunction<Value, Value | undefined, Value> {
  const finish = ([, value]: Timed) => unpackValue(value) as Value
  return { about: "last", parts: [latest], refuse: anything, finish, default: undefined }
}

/** The values of the `n` earliest events, in order of event time. 1 to 1,000. `[]` for an empty window. */
export function firstN<Value = any>(n: number): AggregateFunction<Value[], Value[], Value> {
  checkWhole("firstN", n, [1, MAX_KEPT])
  return several<Value>(`first ${n}`, (all) => all.slice(0, n))
}

/** The values of the `n` latest events, in order of event time. 1 to 1,000. `[]` for an empty window. */
export function lastN<Value = any>(n: number): AggregateFunction<Value[], Value[], Value> {
  checkWhole("lastN", n, [1, MAX_KEPT])
  return several<Value>(`last ${n}`, (all) => all.slice(-n))
}

function several<Value>(
  about: string,
  keep: (all: readonly Timed[]) => readonly Timed[],
): AggregateFunction<Value[], Value[], Value> {
  const part: Part<readonly Timed[], unknown> = {
    id: about,
    of: (value, time) => [[time, packValue(value)]],
    merge: (a, b) => keep([...a, ...b].sort(([at], [bt]) => at - bt)),
  }
  const finish = (state: readonly Timed[]) => state.map(([, value]) => unpackValue(value) as Value)
  return { about, parts: [part], refuse: anything, finish, default: [] }
}
