/** Lets callers wait for something that happens repeatedly. */
export class Signal {
  #waiting: (() => void)[] = []

  /** Resolves the next time {@link notify} is called. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  notify(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
