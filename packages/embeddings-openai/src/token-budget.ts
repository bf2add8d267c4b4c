import type { Clock } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"

const MINUTE_MS = 60_000

/** Lets so many tokens through in a minute: at once while there are any, then as they come. */
export class TokenBudget {
  readonly #perMinute: number
  readonly #clock: Clock
  /** When all that was let through so far is earned. */
  #earnedAt = 0

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute
    this.#clock = clock
  }

  /** Resolves when they may be sent, or at once when `signal` aborts. More than a minute's worth waits for all of it. */
  async take(tokens: number, signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now()
    // A minute's worth is there from the beginning and after every idle minute.
    this.#earnedAt = Math.max(this.#earnedAt, now - MINUTE_MS) + (tokens / this.#perMinute) * MINUTE_MS
    const waitMs = this.#earnedAt - now
    if (waitMs > 0) await sleep(this.#clock, waitMs, signal)
  }
}
