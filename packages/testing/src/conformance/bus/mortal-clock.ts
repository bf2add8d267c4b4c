import { type Clock, systemClock } from "@fabra/events"
import type { Timer } from "@fabra/events/adapter"

/**
 * The machine's clock, until it dies: from then on no timer fires, as in a process that was killed. While it is suspended
 * none fires either, and all that are due fire when it resumes, as in a process that was stopped. Give each client of an
 * adapter one of its own, and its harness has a `crash` and a `suspend`.
 */
export class MortalClock implements Clock {
  readonly #timers = new Set<Timer>()
  #isDead = false
  /** What came due while it is suspended. */
  #due: Set<() => void> | undefined

  now(): number {
    return systemClock.now()
  }

  random(): number {
    return systemClock.random()
  }

  setTimer(callback: () => void, ms: number): Timer {
    if (this.#isDead) return { cancel: () => {} }
    const fire = () => callback()
    const timer = systemClock.setTimer(() => {
      this.#timers.delete(timer)
      if (this.#due === undefined) fire()
      else this.#due.add(fire)
    }, ms)
    this.#timers.add(timer)
    return {
      cancel: () => {
        timer.cancel()
        this.#timers.delete(timer)
        this.#due?.delete(fire)
      },
    }
  }

  /** Fires no timer until the returned function is called. */
  suspend(): () => void {
    const due = new Set<() => void>()
    this.#due = due
    return () => {
      if (this.#due !== due) return
      this.#due = undefined
      // Set anew: what one of them cancels must not fire.
      for (const fire of due) {
        due.delete(fire)
        if (!this.#isDead) fire()
      }
    }
  }

  die(): void {
    this.#isDead = true
    for (const timer of this.#timers) timer.cancel()
  }
}
