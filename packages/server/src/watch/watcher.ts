import type { ServerResponse } from "node:http"

/** How much one client may leave unread, in bytes: {@link costOf} of each line. */
const MAX_UNREAD = 1024 * 1024
/** About what Node keeps for each write beside its bytes. */
const WRITE_BYTES = 512

/** A line for everybody who watches. */
export interface Line {
  readonly bytes: Buffer
  /** How many events a client does not learn of that does not get the line. */
  readonly events: number
}

/** One client of `GET /watch`. It loses lines while it does not read, learns how many events that were, and is closed in the end. */
export class Watcher {
  readonly #raw: ServerResponse
  readonly #patienceMs: number
  #unread = 0
  #lost = 0
  #ended = false

  /** @param patienceMs how long a client may read nothing while something waits for it */
  constructor(raw: ServerResponse, patienceMs: number) {
    this.#raw = raw
    this.#patienceMs = patienceMs
    // Only what waits to be read makes silence a fault: while no event is applied nothing moves.
    raw.setTimeout(patienceMs, () => this.#unread > 0 && this.#giveUp())
    raw.socket?.setKeepAlive(true, patienceMs) // or a client whose machine is gone would keep its place
  }

  tell({ bytes, events }: Line): void {
    if (this.#ended) return
    if (this.#unread + costOf(bytes) > MAX_UNREAD) {
      this.#lost += events
      return
    }
    this.#tellLoss()
    this.#write(bytes)
  }

  /** Ends the answer; at once, if the client is behind. */
  close(): void {
    if (this.#ended || this.#raw.writableNeedDrain) this.#raw.destroy()
    else this.#raw.end()
    this.#ended = true
  }

  #write(bytes: Buffer): void {
    this.#unread += costOf(bytes)
    this.#raw.write(bytes, () => {
      this.#unread -= costOf(bytes)
      if (this.#unread === 0 && !this.#ended) this.#tellLoss()
    })
  }

  #tellLoss(): void {
    if (this.#lost === 0) return
    const line = JSON.stringify({ applied: [], skipped: this.#lost })
    this.#lost = 0
    this.#write(Buffer.from(`${line}\n`))
  }

  /** Says that this is the end, and waits as long again for the client to read it. */
  #giveUp(): void {
    if (this.#ended) {
      this.#raw.destroy()
      return
    }
    this.#ended = true
    const detail = `Nothing was read for ${this.#patienceMs / 1000} s. Watch again, and read what comes.`
    const last = { applied: [], skipped: this.#lost, code: "request_timeout", detail }
    this.#raw.end(`${JSON.stringify(last)}\n`)
    this.#raw.setTimeout(this.#patienceMs)
  }
}

function costOf(bytes: Buffer): number {
  return bytes.length + WRITE_BYTES
}
