import { type Clock, FabraError } from "@fabra/events"
import type { Timer, TimerKind } from "@fabra/events/adapter"

interface Pending {
  readonly at: number
  readonly callback: () => void
  readonly kind: TimerKind | undefined
}

/** Options of {@link TestClock.advance}. */
export interface AdvanceOptions {
  /**
   * Lets time jump to the next timer that somebody waits for. Upkeep (heartbeats, polls) that falls due on the way comes once there,
   * as after a pause of the process: right where one worker is all there is. Default `false`: each turn of it comes.
   */
  readonly skipUpkeep?: boolean
}

/**
 * A clock that stands still until it is told to move. Timers fire in the order of their time, and what they set off has
 * its turn before the next one. A timer of 0 ms needs no moving.
 */
export class TestClock implements Clock {
  #now: number
  #pending: Pending[] = []
  #seed = 1

  /** @param start default 2026-01-01T00:00:00Z */
  constructor(start: Date | string | number = "2026-01-01T00:00:00Z") {
    this.#now = new Date(start).getTime()
    if (Number.isNaN(this.#now))
      throw new FabraError("invalid_argument", `"${start}" is not a time.`, { path: "start" })
  }

  now(): number {
    return this.#now
  }

  setTimer(callback: () => void, ms: number, kind?: TimerKind): Timer {
    if (ms <= 0) {
      const immediate = setImmediate(callback)
      return { cancel: () => clearImmediate(immediate) }
    }
    const pending = { at: this.#now + ms, callback, kind }
    this.#pending.push(pending)
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== pending)
      },
    }
  }

  /** The same numbers in every run: the minimal standard generator of Park and Miller (1988). */
  random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647
    return this.#seed / 2_147_483_647
  }

  /** Moves time forward by `ms` milliseconds and lets everything happen that is due. */
  async advance(ms: number, { skipUpkeep = false }: AdvanceOptions = {}): Promise<void> {
    if (!(ms >= 0))
      throw new FabraError("invalid_argument", `Time moves forward only, not by ${ms} ms.`, { path: "ms" })
    const end = this.#now + ms
    await settled()
    for (;;) {
      const stop = this.#nextStop(end)
      if (skipUpkeep) this.#now = stop
      let next = this.#takeDue(skipUpkeep ? stop : end)
      if (next === undefined) break
      for (; next !== undefined; next = this.#takeDue(skipUpkeep ? stop : end)) {
        this.#now = Math.max(this.#now, next.at)
        next.callback()
        await settled()
      }
    }
    this.#now = end
  }

  /** When the next timer fires that somebody waits for, until `end`. */
  #nextStop(end: number): number {
    return this.#pending.reduce((first, { at, kind }) => (kind === undefined ? Math.min(first, at) : first), end)
  }

  #takeDue(end: number): Pending | undefined {
    let first: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.at <= end && (first === undefined || pending.at < first.at)) first = pending
    }
    this.#pending = this.#pending.filter((pending) => pending !== first)
    return first
  }
}

/** Everything that can go on without time passing has gone on: a few rounds, since one step may set off another. */
async function settled(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve))
}
