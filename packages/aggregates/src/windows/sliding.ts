import { parseDuration } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { joined, Ring } from "./ring.js"
import type { Coverage, Window } from "./window.js"

/** Hops of a window, unless it says otherwise: the edge of a window is at most a sixtieth of it off. */
const HOPS = 60
const MAX_HOPS = 1000
const HOPS_OF_TILE = 12

/** The events of the last `sliding`, up to the time of reading: `1h`. */
export interface SlidingWindow<Span extends string = string> {
  readonly sliding: Span
  /** How exact the older edge of a busy window is. Default: a sixtieth of the window. A thousandth of it at least. */
  readonly hop?: string | undefined
  readonly name?: string | undefined
}

/** @throws FabraError `invalid_argument` */
export function slidingWindow({ sliding, hop, name = sliding }: SlidingWindow, path: string): Window {
  const windowMs = parseSpan(sliding, path)
  const hopMs = hop === undefined ? Math.max(1, Math.floor(windowMs / HOPS)) : parseSpan(hop, `${path}.hop`)
  if (hopMs > windowMs || windowMs / hopMs > MAX_HOPS) {
    const message = `hop is "${hop}": for a window of ${sliding} it must be from a thousandth of it to all of it.`
    throw new FabraError("invalid_argument", message, { path: `${path}.hop` })
  }
  const tileMs = HOPS_OF_TILE * hopMs
  // As many as a window touches. An event from a clock that is ahead overwrites no more of the window than it is ahead.
  const size = Math.ceil(windowMs / tileMs) + 1
  const key = hop === undefined ? sliding : `${sliding}@${hop}`
  const ring = new Ring(key, size, { hopMs, startOf: (ordinal) => ordinal * tileMs })
  return {
    key: name,
    about: `the last ${sliding}`,
    layout: {
      key,
      fields: ring.fields,
      keepMs: windowMs + tileMs,
      add: (state, sample, parts) => ring.add(state, Math.floor(sample.time / tileMs), sample, parts),
    },
    cover(state, at, parts) {
      const after = at - windowMs
      const tiles: Coverage[] = []
      for (let ordinal = Math.floor((after + 1) / tileMs); ordinal <= Math.floor(at / tileMs); ordinal++) {
        const tile = ring.tile(state, ordinal, parts)
        if (tile === "overwritten") tiles.push(unknownFor(Math.min((ordinal + 1) * tileMs - 1, at) - after))
        else if (tile !== undefined) tiles.push(tile.cover(after, at))
      }
      return joined(tiles)
    },
  }
}

/** Coverage of a time whose events later ones have overwritten. */
export function unknownFor(toleranceMs: number): Coverage {
  return { singles: [], folded: [], newest: Number.NEGATIVE_INFINITY, toleranceMs }
}

/** A span of time with its unit, in whole milliseconds. */
export function parseSpan(text: string, path: string): number {
  if (typeof text === "string") return parseDuration(text, path)
  throw new FabraError(
    "invalid_argument",
    `${path} is ${String(text)}: it must be text with a unit, such as "1h" or "30d".`,
    {
      path,
    },
  )
}
