import type { Duration } from "@fabra/core"
import { parseDuration } from "@fabra/core/adapter"
import { type AggregateFunction, notNumber, type Part } from "./aggregate-function.js"

/** A sum as it was at the time of its newest event. */
type Decayed = readonly [time: number, sum: number]

/**
 * The sum of values, each of which counts half after `halfLife`, a quarter after twice that, and so on, up to the time of reading.
 * 0 for an empty window. To about 15 digits: the order in which events arrive can change the last ones.
 * @throws FabraError `invalid_argument`
 */
export function decayedSum(halfLife: Duration): AggregateFunction<number, number, number> {
  const halfLifeMs = parseDuration(halfLife, "halfLife")
  const part: Part<Decayed, number> = {
    id: `decay ${halfLifeMs}`,
    of: (value, time) => [time, value],
    merge(a, b) {
      const [older, newer] = a[0] <= b[0] ? [a, b] : [b, a]
      return [newer[0], newer[1] + older[1] * 2 ** ((older[0] - newer[0]) / halfLifeMs)]
    },
  }
  const finish = ([time, sum]: Decayed, at: number) => sum * 2 ** ((time - at) / halfLifeMs)
  return { about: `sum with a half-life of ${halfLife}`, parts: [part], refuse: notNumber, finish, default: 0 }
}
