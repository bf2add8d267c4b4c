import type { Part } from "../functions/aggregate-function.js"
import { mergeState, type PartStates, reordered, signatureOf } from "../functions/part-states.js"
import { packValue, unpackValue } from "../packed-value.js"
import { coverSamples } from "./samples.js"
import { parseSpan } from "./sliding.js"
import { MAX_SINGLES } from "./tile.js"
import type { Coverage, Sample, Window } from "./window.js"

/** How many sessions are kept: a late event may join two of them. */
const KEPT_SESSIONS = 8

/** The events of the session that the time of reading is in. A session ends when there is no event for `gap`. */
export interface SessionWindow<Gap extends string = string> {
  readonly gap: Gap
  readonly name?: string | undefined
}

/** First and last event time, and time, value, time, value, … of its events, or the signature of parts and their states. */
type Session = readonly [start: number, end: number, singles: readonly unknown[] | string, states: PartStates]

/** @throws FabraError `invalid_argument` */
export function sessionWindow({ gap, name = `session_${gap}` }: SessionWindow, path: string): Window {
  const gapMs = parseSpan(gap, `${path}.gap`)
  const field = `session_${gap}`
  return {
    key: name,
    about: `the session (gap ${gap})`,
    layout: {
      key: field,
      fields: [field],
      keepMs: gapMs,
      add(state, sample, parts) {
        const sessions = decode(state.get(field))
        const { time } = sample
        const [near, far] = [sessions.filter(touches), sessions.filter((one) => !touches(one))]
        function touches([start, end]: Session) {
          return time >= start - gapMs && time <= end + gapMs
        }
        const merged = [...near, ofOne(sample)].reduce((a, b) => merge(a, b, parts))
        const kept = [...far, merged].sort(([a], [b]) => a - b).slice(-KEPT_SESSIONS)
        if (!kept.includes(merged)) return false
        state.set(field, JSON.stringify(kept))
        return true
      },
    },
    cover(state, at, parts) {
      const session = decode(state.get(field)).findLast(([start]) => start <= at)
      if (session === undefined || at - session[1] > gapMs) return { ...NOTHING }
      return coverSession(session, at, parts)
    },
  }
}

const NOTHING: Coverage = { singles: [], folded: [], newest: Number.NEGATIVE_INFINITY, toleranceMs: 0 }

function decode(text: string | undefined): readonly Session[] {
  return text === undefined ? [] : JSON.parse(text)
}

function ofOne({ time, value }: Sample): Session {
  return [time, time, [time, packValue(value)], []]
}

function merge(a: Session, b: Session, parts: readonly Part[]): Session {
  const [start, end] = [Math.min(a[0], b[0]), Math.max(a[1], b[1])]
  if (typeof a[2] !== "string" && typeof b[2] !== "string" && a[2].length + b[2].length <= 2 * MAX_SINGLES) {
    return [start, end, inOrder([...a[2], ...b[2]]), []]
  }
  const [left, right] = [statesOf(a, parts), statesOf(b, parts)]
  return [start, end, signatureOf(parts), parts.map((part, i) => mergeState(part, left[i], right[i]))]
}

function statesOf([, , singles, states]: Session, parts: readonly Part[]): PartStates {
  if (typeof singles === "string") return reordered(states, singles, parts)
  return parts.map((part) => {
    let state = part.of(unpackValue(singles[1]), singles[0] as number)
    for (let i = 2; i < singles.length; i += 2) {
      state = part.merge(state, part.of(unpackValue(singles[i + 1]), singles[i] as number))
    }
    return state
  })
}

/** Pairs of time and value in order of time; of equal times the first stays first. */
function inOrder(pairs: readonly unknown[]): unknown[] {
  const timed = Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i] as number, pairs[2 * i + 1]] as const)
  return timed.sort(([a], [b]) => a - b).flat()
}

function coverSession(session: Session, at: number, parts: readonly Part[]): Coverage {
  const [, end, singles] = session
  if (typeof singles === "string")
    return {
      singles: [],
      folded: [statesOf(session, parts)],
      newest: Math.min(end, at),
      toleranceMs: Math.max(0, end - at),
    }
  return coverSamples(singles, Number.NEGATIVE_INFINITY, at)
}
