import { checkWhole } from "@fabra/events/adapter"
import { joined, Ring } from "./ring.js"
import { coverSamples, insertSample } from "./samples.js"
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
  checkWhole(`${path}.last`, last, [1, 1000])
  const field = `last_${last}`
  return {
    key: name,
    about: `the last ${last} events`,
    layout: {
      key: field,
      fields: [field],
      keepMs: undefined,
      add(state, sample) {
        const cells = decode(state.get(field))
        const isFull = cells.length === 2 * last
        if (isFull && sample.time < (cells[0] as number)) return false
        insertSample(cells, sample)
        state.set(field, JSON.stringify(cells.slice(-2 * last)))
        return true
      },
    },
    cover(state, at) {
      const cells = decode(state.get(field))
      const coverage = coverSamples(cells, Number.NEGATIVE_INFINITY, at)
      // Those after the time of reading may have pushed out some before it.
      const isCut = cells.length === 2 * last && coverage.singles.length < cells.length
      return isCut ? { ...coverage, toleranceMs: (cells.at(-2) as number) - at } : coverage
    },
  }
}

function decode(text: string | undefined): unknown[] {
  return text === undefined ? [] : JSON.parse(text)
}
