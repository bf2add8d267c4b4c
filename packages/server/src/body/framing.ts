import type { Readable } from "node:stream"
import { Problem } from "../answer/problem.js"

/** Bytes on the wire before anything is judged: what is that short costs little, however it is cut. */
const LOOK_AFTER = 16 * 1024
/** Bytes on the wire for each byte of a body whose chunks have some twenty bytes: each event alone takes more. */
const MOST = 1.25

/**
 * Looks how a body is cut. Each chunk costs the parser the same, so that a body in chunks of one byte would hold up everybody
 * for as long as a thousand others.
 */
export class Framing {
  readonly #body: Readable & { readonly socket?: { readonly bytesRead?: number } }
  readonly #start: number

  constructor(body: Readable) {
    this.#body = body
    this.#start = this.#wire()
  }

  /** @param taken bytes of the body that were read so far @throws Problem `invalid_request` when the chunks are too small */
  check(taken: number): void {
    const wire = this.#wire() - this.#start
    if (wire > LOOK_AFTER && wire > MOST * (taken + this.#body.readableLength)) throw tooSmall()
  }

  /** `NaN`, with which nothing is ever too small, where there is no socket. */
  #wire(): number {
    return this.#body.socket?.bytesRead ?? Number.NaN
  }
}

function tooSmall(): Problem {
  const message = "The body comes in chunks of less than twenty bytes: send it in larger ones."
  return new Problem("invalid_request", message, { headers: { connection: "close" } })
}
