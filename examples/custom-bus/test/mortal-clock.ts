import { type Clock, systemClock, type Timer } from "@fabra/events"

/** The machine's clock until it dies: then no timer fires any more, as in a process that was killed. */
export class MortalClock implements Clock {
  readonly #timers = new Set<Timer>()
  #dead = false

  now(): number {
    return systemClock.now()
  }

  random(): number {
    return systemClock.random()
  }

  setTimer(callback: () => void, ms: number): Timer {
    if (this.#dead) return { cancel: () => {} }
    const timer = systemClock.setTimer(() => {
      this.#timers.delete(timer)
      callback()
    }, ms)
    this.#timers.add(timer)
    return timer
  }

  die(): void {
    this.#dead = true
    for (const timer of this.#timers) timer.cancel()
  }
}
