import type { Clock } from "@fabra/events"
import type { Timer } from "@fabra/events/adapter"

interface Pending {
  readonly at: number
  readonly callback: () => void
}

/**
 * A clock whose time jumps to the next timer as soon as nothing else is left to do: minutes of waiting cost nothing, and
 * no machine is slow enough to make a lease run out.
 */
export class VirtualClock implements Clock {
  #now = 1_800_000_000_000
  #pending: Pending[] = []
  #ticking = false
  #kept = new Set<Pending>()

  now(): number {
    return this.#now
  }

  setTimer(callback: () => void, ms: number): Timer {
    const pending = { at: this.#now + ms, callback }
    this.#pending.push(pending)
    this.#tick()
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== pending)
        this.#kept.delete(pending)
      },
    }
  }

  random(): number {
    return Math.random()
  }

  /** Forgets every timer there is: whoever waits for one has died. */
  dropTimers(): void {
    this.#pending = []
  }

  /** Keeps back the timers there are, until the returned function is called: then they are due. Later ones fire meanwhile. */
  suspend(): () => void {
    const kept = new Set(this.#pending)
    this.#pending = []
    this.#kept = kept
    return () => {
      this.#pending.push(...kept)
      kept.clear()
      this.#tick()
    }
  }

  #tick(): void {
    if (this.#ticking) return
    this.#ticking = true
    // By then every promise that could go on has gone on.
    setImmediate(() => {
      this.#ticking = false
      const next = this.#pending.reduce<Pending | undefined>(
        (first, other) => (first === undefined || other.at < first.at ? other : first),
        undefined,
      )
      if (next === undefined) return
      this.#pending = this.#pending.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      this.#tick()
    })
  }
}
