/** What was opened, to be closed in reverse order: all of it, also when one does not let itself be closed. */
export class Closing implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = []

  /** Closes `part` when its turn has come. */
  use<Part extends AsyncDisposable | { close(): unknown }>(part: Part): Part {
    this.defer(() => ("close" in part ? part.close() : part[Symbol.asyncDispose]()))
    return part
  }

  /** Calls `close` when its turn has come. */
  defer(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Closes everything. @throws what the first one threw that could not be closed */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = []
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** Opens several parts. When one cannot be opened, those before it are closed again. @throws what `open` throws */
export async function opening<Result>(open: (closing: Closing) => Promise<Result>): Promise<Result> {
  const closing = new Closing()
  try {
    return await open(closing)
  } catch (error) {
    await closing[Symbol.asyncDispose]().catch(() => {}) // why it could not be opened says more
    throw error
  }
}
