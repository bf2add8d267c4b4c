/** A timer that {@link Clock.setTimer} has started. */
export interface Timer {
  /** Keeps the callback from being called. Harmless when it has been. */
  cancel(): void
}

/**
 * What a timer is for. `upkeep`: it comes again and again, and nobody waits for it (heartbeats, polls). A clock that a test moves
 * over many turns of it may call it once, late; any other clock has no use for this.
 */
export type TimerKind = "upkeep"

/**
 * Where time and chance come from. Everything in Fabra that waits, stamps or rolls dice takes one of these, so that
 * tests can move time by hand and repeat chance by seed.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `callback` once, `ms` milliseconds from now at the earliest. */
  setTimer(callback: () => void, ms: number, kind?: TimerKind): Timer
  /** A number in [0, 1). */
  random(): number
}

/** The machine's own time and chance. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, ms) {
    const handle = setTimeout(callback, ms)
    return { cancel: () => clearTimeout(handle) }
  },
  random: () => Math.random(),
}

/** Resolves after `ms` milliseconds of `clock`, or at once when `signal` aborts. Never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal, kind?: TimerKind): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      timer.cancel()
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const timer = clock.setTimer(done, ms, kind)
    signal?.addEventListener("abort", done, { once: true })
  })
}

/**
 * Settles as `promise` does, or rejects with what `late` makes after `ms` milliseconds of `clock`, whichever comes first.
 * What the promise comes to after that is told to nobody.
 */
export function withDeadline<T>(clock: Clock, promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => reject(late()), ms)
    promise.then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}
