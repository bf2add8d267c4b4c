import { type Clock, systemClock } from "@fabra/events"
import type { Timer } from "@fabra/events/adapter"

/**
 * The machine's clock, until it dies: from then on no timer fires, as in a process that was killed. Give each client of an
 * adapter one of its own, and its harness has a `crash`.
 */
export class MortalClock implements Clock {
  readonly #timers = new Set<Timer>()
  #isDead = false

  now(): number {
    return systemClock.now()
  }

  random(): number {
    return systemClock.random()
  }

  setTimer(callback: () => void, ms: number): Timer {
    if (this.#isDead) return { cancel: () => {} }
    const timer = systemClock.setTimer(() => {
      this.#timers.delete(timer)
      callback()
    }, ms)
    this.#timers.add(timer)
    return {
      cancel: () => {
        timer.cancel()
        this.#timers.delete(timer)
      },
    }
  }

  die(): void {
    this.#isDead = true
    for (const timer of this.#timers) timer.cancel()
  }
}
