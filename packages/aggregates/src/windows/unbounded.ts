import { checkCount } from "../functions/aggregate-function.js"
import { packValue, unpackValue } from "../packed-value.js"
import { joined, Ring } from "./ring.js"
import type { Window } from "./window.js"

/** The `last` newest events, by event time; ties by the order in which the bus accepted them. 1 to 1,000. */
export interface LastWindow<N extends number = number> {
  readonly last: N
  readonly name?: string | undefined
}

/** All events there ever were. */
export function lifetimeWindow(): Window {
  const ring = new Ring("lifetime", 1, { hopMs: Number.MAX_SAFE_INTEGER, startOf: () => 0 })
  return {
    key: "lifetime",
    about: "all time",
    layout: {
      key: "lifetime",
      fields: ring.fields,
      keepMs: undefined,
      add: (state, sample, parts) => ring.add(state, 0, sample, parts),
    },
    cover(state, at, parts) {
      const tile = ring.tile(state, 0, parts)
      return typeof tile === "object" ? tile.cover(Number.NEGATIVE_INFINITY, at) : joined([])
    },
  }
}

/** @throws FabraError `invalid_argument` */
export function lastWindow({ last, name = `last_${last}` }: LastWindow, path: string): Window {
  checkCount(`${path}.last`, last, [1, 1000])
  const field = `last_${last}`
  return {
    key: name,
    about: `the last ${last} events`,
    layout: {
      key: field,
      fields: [field],
      keepMs: undefined,
      add(state, { time, value }) {
        const cells = decode(state.get(field))
        let at = cells.length
        while (at > 0 && (cells[at - 2] as number) > time) at -= 2
        if (at === 0 && cells.length === 2 * last) return false
        cells.splice(at, 0, time, packValue(value))
        state.set(field, JSON.stringify(cells.slice(-2 * last)))
        return true
      },
    },
    cover(state, at) {
      const cells = decode(state.get(field))
      const singles: unknown[] = []
      for (let i = 0; i < cells.length; i += 2) {
        if ((cells[i] as number) <= at) singles.push(cells[i], unpackValue(cells[i + 1]))
      }
      const newest = (singles.at(-2) as number | undefined) ?? Number.NEGATIVE_INFINITY
      // Those after the time of reading may have pushed out some before it.
      const isFull = cells.length === 2 * last && singles.length < cells.length
      return { singles, folded: [], newest, toleranceMs: isFull ? (cells.at(-2) as number) - at : 0 }
    },
  }
}

function decode(text: string | undefined): unknown[] {
  return text === undefined ? [] : JSON.parse(text)
}
