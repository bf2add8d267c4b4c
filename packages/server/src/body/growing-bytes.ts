/**
 * Collects the chunks of a body into one buffer. A list of chunks would cost an object of some hundred bytes for each, and
 * a client decides how many there are: one for each byte if it wants.
 */
export class GrowingBytes {
  #buffer: Buffer | undefined
  #owned = false
  length = 0

  add(chunk: Buffer): void {
    if (chunk.length === 0) return
    // Most bodies arrive in one chunk, which is kept as it is.
    if (this.#buffer === undefined) this.#buffer = chunk
    else this.#append(chunk)
    this.length += chunk.length
  }

  /** What was collected; the collection is empty then. */
  take(): Buffer {
    const bytes = this.#buffer?.subarray(0, this.length) ?? Buffer.alloc(0)
    this.clear()
    return bytes
  }

  clear(): void {
    this.#buffer = undefined
    this.#owned = false
    this.length = 0
  }

  #append(chunk: Buffer): void {
    const before = this.#buffer as Buffer
    const needed = this.length + chunk.length
    if (!this.#owned || needed > before.length) {
      this.#buffer = Buffer.allocUnsafe(Math.max(2 * needed, 1024))
      before.copy(this.#buffer, 0, 0, this.length)
      this.#owned = true
    }
    chunk.copy(this.#buffer as Buffer, this.length)
  }
}
