import { systemClock, withDeadline } from "@fabra/events"

/** A point of time that nothing of one call outlives. */
export class Deadline {
  readonly #end: number

  constructor(readonly ms: number) {
    this.#end = performance.now() + ms
  }

  /** Milliseconds left, 0 when it has passed. */
  get left(): number {
    return Math.max(0, this.#end - performance.now())
  }

  /** Waits `ms` milliseconds, or until the deadline if that comes first. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.min(ms, this.left)))
  }

  /** What `promise` comes to, or a rejection when the deadline passes first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return withDeadline(systemClock, promise, this.left, () => new Error(`no answer within ${this.ms} ms`))
  }
}
