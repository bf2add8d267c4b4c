import { DDSketch } from "@datadog/sketches-js"
import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import { type AggregateFunction, notNumber, type Part } from "./aggregate-function.js"

/** The mapping of DDSketch (Masson, Rim, Lee, VLDB 2019): each value is known to 1 %. */
const { mapping } = new DDSketch({ relativeAccuracy: 0.01 })

/** How many values fall into each bin: zeros, then pairs of bin and count of negative and of positive values, by bin. */
type Bins = readonly [zeros: number, negative: readonly number[], positive: readonly number[]]

const binned: Part<Bins, number> = {
  id: "bins",
  of(value) {
    if (Math.abs(value) < mapping.minPossible) return [1, [], []]
    return value < 0 ? [0, [mapping.key(-value), 1], []] : [0, [], [mapping.key(value), 1]]
  },
  merge: (a, b) => [a[0] + b[0], mergePairs(a[1], b[1]), mergePairs(a[2], b[2])],
}

/**
 * The value below which a share `q` of the values lies, to 1 % of the value (DDSketch). 0 to 1. `undefined` for an empty window.
 * @example quantile(0.95)
 * @throws FabraError `invalid_argument`
 */
export function quantile(q: number): AggregateFunction<number, number | undefined, number> {
  if (!(q >= 0 && q <= 1)) {
    throw new FabraError("invalid_argument", `quantile is ${show(q)}: it must be a number from 0 to 1.`, {
      path: "quantile",
    })
  }
  const finish = (bins: Bins) => valueAt(bins, q)
  return { about: `quantile ${q}`, parts: [binned], refuse: notNumber, finish, default: undefined }
}

function valueAt([zeros, negative, positive]: Bins, q: number): number {
  const total = zeros + countOf(negative) + countOf(positive)
  let rank = q * (total - 1)
  // From the least value on: the largest bins of negative values come first.
  for (let i = negative.length - 2; i >= 0; i -= 2) {
    rank -= negative[i + 1] as number
    if (rank < 0) return -mapping.value(negative[i] as number)
  }
  rank -= zeros
  if (rank < 0) return 0
  for (let i = 0; i < positive.length; i += 2) {
    rank -= positive[i + 1] as number
    if (rank < 0) return mapping.value(positive[i] as number)
  }
  return positive.length > 0 ? mapping.value(positive.at(-2) as number) : 0
}

function countOf(pairs: readonly number[]): number {
  let total = 0
  for (let i = 1; i < pairs.length; i += 2) total += pairs[i] as number
  return total
}

/** Merges lists of key, count, key, count, … that are in order of their keys. */
export function mergePairs(a: readonly number[], b: readonly number[]): readonly number[] {
  const merged: number[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY]
    let n = 0
    if (left <= right) n += a[i + 1] as number
    if (right <= left) n += b[j + 1] as number
    merged.push(Math.min(left, right), n)
    if (left <= right) i += 2
    if (right <= left) j += 2
  }
  return merged
}
