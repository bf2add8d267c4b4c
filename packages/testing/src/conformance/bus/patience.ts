import type { Clock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"

/** How long the suites wait for what must happen, in milliseconds, when nothing else is said. */
export const DEFAULT_PATIENCE_MS = 10_000

const POLL_MS = 10

/** Waits for things to happen. Only ever fails for what did not happen at all, never for what was slow. */
export class Patience {
  readonly clock: Clock
  readonly #ms: number

  constructor(clock: Clock, ms: number) {
    this.clock = clock
    this.#ms = ms
  }

  /** Asks `probe` until it answers with anything but `undefined` or `false`, and returns that answer. */
  async until<T>(what: string, probe: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
    const start = this.clock.now()
    for (;;) {
      const answer = await probe()
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
      if (this.clock.now() - start > this.#ms) throw new Error(`It never came to pass that ${what}.`)
      await sleep(this.clock, POLL_MS)
    }
  }

  /** Awaits `promise`, but not for ever. */
  async within<T>(what: string, promise: Promise<T>): Promise<T> {
    const done = new AbortController()
    const late = sleep(this.clock, this.#ms, done.signal).then(() => {
      if (!done.signal.aborted) throw new Error(`It never came to pass that ${what}.`)
      return promise
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      done.abort()
    }
  }

  /** Lets time pass, for what must not happen or for a window that must run out. */
  pass(ms: number): Promise<void> {
    return sleep(this.clock, ms)
  }
}
