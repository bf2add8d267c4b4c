import type { Clock } from "@fabra/events"
import { sleep, withDeadline } from "@fabra/events/adapter"
import { NoAnswer } from "./errors.js"

const RETRY_PAUSE_MS = 25

/** The time at which one call ends, however often it tries again. */
export class Deadline {
  readonly #end: number

  /** @param ms milliseconds from now */
  constructor(
    readonly clock: Clock,
    readonly ms: number,
  ) {
    this.#end = clock.now() + ms
  }

  /** Milliseconds left; 0 when it has passed, since a timer takes nothing less. */
  get left(): number {
    return Math.max(0, this.#end - this.clock.now())
  }

  /** Waits `ms` milliseconds, or until the deadline if that comes first. */
  pause(ms: number): Promise<void> {
    return sleep(this.clock, Math.min(ms, this.left))
  }

  /** Tries until it succeeds, `isFinal` says of an error that trying again does not help, or the deadline has passed. */
  async retry<T>(attempt: () => Promise<T>, isFinal: (error: unknown) => boolean): Promise<T> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (isFinal(error) || this.left === 0) throw error
        await this.pause(RETRY_PAUSE_MS)
      }
    }
  }

  /**
   * Settles as `promise` does, or rejects with {@link NoAnswer} when the deadline passes first.
   * @param onLate called before that
   */
  race<T>(promise: Promise<T>, onLate?: () => void): Promise<T> {
    return withDeadline(this.clock, promise, this.left, () => {
      onLate?.()
      return new NoAnswer(`no answer within ${this.ms} ms`)
    })
  }
}
