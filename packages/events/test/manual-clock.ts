import { setImmediate } from "node:timers/promises"
import type { Timer } from "../src/adapter.js"
import type { Clock } from "../src/index.js"

/** A clock that a test moves by hand. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000
  #pending: { at: number; callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  random(): number {
    return 0.5
  }

  setTimer(callback: () => void, ms: number): Timer {
    const timer = { at: this.#now + ms, callback }
    this.#pending.push(timer)
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== timer)
      },
    }
  }

  /** How many timers are waiting. */
  get timers(): number {
    return this.#pending.length
  }

  /** Lets time pass: every timer in its turn, and all that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await setImmediate()
    for (;;) {
      const next = this.#pending.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#pending = this.#pending.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await setImmediate()
    }
    this.#now = end
  }
}
