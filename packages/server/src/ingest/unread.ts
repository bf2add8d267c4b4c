import type { Readable } from "node:stream"
import { setTimeout as delay } from "node:timers/promises"
import { Problem } from "../answer/problem.js"

/**
 * How many bytes of results wait for one client that does not read them yet: many send all before they read anything, and
 * if we stopped reading then, both would wait for ever.
 */
export const MAX_UNREAD_BYTES = 16 * 1024 * 1024
/** How many wait for all clients together. */
const MAX_UNREAD_OF_ALL = 64 * 1024 * 1024
/** A client may always be this far behind, whatever the others do. */
const FAIR_SHARE = 256 * 1024
/** How long a client that is behind may read nothing while the others need the room. */
const PATIENCE_MS = 10_000
const LOOK_EVERY_MS = 50

/** The answers under way that clients read while they send, and how much of them they have not read. */
export class UnreadAnswers {
  readonly #answers = new Set<Readable>()

  /** Counts an answer until it has ended. */
  add(answer: Readable): void {
    this.#answers.add(answer)
    answer.once("close", () => this.#answers.delete(answer))
  }

  /**
   * Resolves when there is room for more of this answer.
   * @throws Problem `request_timeout` when its client has read nothing for ten seconds while there was none
   */
  async room(answer: Readable): Promise<void> {
    let left = answer.readableLength
    let deadline = performance.now() + PATIENCE_MS
    while (answer.readableLength > FAIR_SHARE && this.#total() > MAX_UNREAD_OF_ALL) {
      if (performance.now() > deadline) {
        throw new Problem("request_timeout", "Too many results wait for clients that do not read them.")
      }
      await delay(LOOK_EVERY_MS)
      if (answer.readableLength < left) deadline = performance.now() + PATIENCE_MS
      left = answer.readableLength
    }
  }

  #total(): number {
    let bytes = 0
    for (const { readableLength } of this.#answers) bytes += readableLength
    return bytes
  }
}
