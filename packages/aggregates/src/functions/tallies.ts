import { decodeValue, encodeValue } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { checkWhole, show } from "@fabra/events/adapter"
import { type AggregateFunction, anything, notNumber, type Part } from "./aggregate-function.js"
import { mergePairs } from "./quantile.js"

/** How many different values are counted for each one that is asked for. The rarest beyond that are forgotten. */
const COUNTED_FOR_EACH = 10

/** A value and how often it occurred. */
export interface Tally<Value> {
  readonly value: Value
  readonly count: number
}

/** JSON of a value and its count, in order of the text. */
type Tallies = readonly (readonly [text: string, count: number])[]

/**
 * The `k` most frequent values with their counts, most frequent first, ties by their JSON. 1 to 100. `[]` for an empty window. Exact
 * while a tile, and the window, has at most 10 × `k` different values; beyond that the rarest are forgotten.
 */
export function topK<Value = any>(k: number): AggregateFunction<Tally<Value>[], Tally<Value>[], Value> {
  checkWhole("topK", k, [1, 100])
  const part: Part<Tallies, unknown> = {
    id: `top ${k}`,
    of: (value) => [[encodeValue(value, "value"), 1]],
    merge: (a, b) => commonest(mergeTallies(a, b), COUNTED_FOR_EACH * k).sort(byText),
  }
  const finish = (state: Tallies) =>
    commonest(state, k).map(([text, n]) => ({ value: decodeValue(text) as Value, count: n }))
  return { about: `top ${k}`, parts: [part], refuse: anything, finish, default: [] }
}

/**
 * How many values lie in each of the ranges between `edges`: below the first, from each edge up to the next, from the last on. So one
 * count more than there are edges. All 0 for an empty window.
 * @param edges 1 to 100 finite numbers, in order @throws FabraError `invalid_argument`
 */
export function histogram(edges: readonly number[]): AggregateFunction<number[], number[], number> {
  const isRising = edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > (edges[i - 1] as number)))
  if (edges.length < 1 || edges.length > 100 || !isRising) {
    const message = `edges is ${show(edges)}: it must be 1 to 100 finite numbers, each above the one before.`
    throw new FabraError("invalid_argument", message, { path: "edges" })
  }
  const empty = new Array<number>(edges.length + 1).fill(0)
  const part: Part<readonly number[], number> = {
    id: `histogram ${edges.join(" ")}`,
    of: (value) => [edges.filter((edge) => value >= edge).length, 1],
    merge: mergePairs,
  }
  const finish = (pairs: readonly number[]) => {
    const counts = [...empty]
    for (let i = 0; i < pairs.length; i += 2) counts[pairs[i] as number] = pairs[i + 1] as number
    return counts
  }
  return { about: "histogram", parts: [part], refuse: notNumber, finish, default: empty }
}

function mergeTallies(a: Tallies, b: Tallies): Tallies {
  const counts = new Map(a)
  for (const [text, n] of b) counts.set(text, (counts.get(text) ?? 0) + n)
  return [...counts]
}

function commonest(tallies: Tallies, n: number): [string, number][] {
  const sorted = [...tallies].sort((a, b) => b[1] - a[1] || byText(a, b))
  return sorted.slice(0, n).map(([text, count]) => [text, count])
}

function byText([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : Number(a > b)
}
