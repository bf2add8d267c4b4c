// What of the platform the code under test sees in a simulation: the bundle of it gets these in the place of the globals
// of the same names.

let queue: (() => void)[] = []

/** Says where {@link setImmediate} puts its callbacks. */
export function setImmediateQueue(immediates: (() => void)[]): void {
  queue = immediates
}

/** A turn of the event loop of virtual time. */
export function setImmediate(callback: () => void): void {
  queue.push(callback)
}

type Listener = (event: { readonly type: "abort" }) => void

class Signal {
  aborted = false
  reason: unknown
  listeners: Listener[] = []

  addEventListener(_type: "abort", listener: Listener): void {
    this.listeners.push(listener)
  }

  removeEventListener(_type: "abort", listener: Listener): void {
    this.listeners = this.listeners.filter((other) => other !== listener)
  }
}

/** As much of the platform's as is used; that one takes a third of a simulation's time. */
export class AbortController {
  readonly signal = new Signal()

  abort(reason: unknown = new Error("aborted")): void {
    const { signal } = this
    if (signal.aborted) return
    signal.aborted = true
    signal.reason = reason
    const { listeners } = signal
    signal.listeners = []
    for (const listener of listeners) listener({ type: "abort" })
  }
}

/** Signals here have as many listeners as they like. */
export function setMaxListeners(): void {}

/** Holds for what is called, not for what is awaited: no handler of the simulation asks for more, and it is quick. */
export class AsyncLocalStorage<T> {
  #current: T | undefined

  run<Args extends unknown[], Result>(store: T, work: (...args: Args) => Result, ...args: Args): Result {
    const before = this.#current
    this.#current = store
    try {
      return work(...args)
    } finally {
      this.#current = before
    }
  }

  getStore(): T | undefined {
    return this.#current
  }
}
