import type { Incarnation } from "@fabra/core"
import type { Reply, Request } from "./delivery.js"
import { APPLY_SHA, type Word } from "./script.js"

// About 250 µs of Redis's time: more would make reads of features wait behind a commit.
const MAX_ENTITIES = 64
const MAX_CHARACTERS = 256 * 1024

/** What {@link APPLY} did with one entity. */
export type Applied =
  | { readonly status: "applied"; readonly lastWrite: string | undefined; readonly incarnation: Incarnation }
  | { readonly status: "conflict" }
  | { readonly status: "unknown"; readonly error: unknown }

/** Gathers entities into calls of the script, and tells from the replies what became of each. */
export class ApplyCalls<T> {
  readonly #max: number
  readonly #push: (words: Word[], item: T) => number
  readonly #requests: Request[] = []
  readonly #sizes: number[] = []
  #keys: string[] = []
  #words: Word[] = []
  #characters = 0

  /**
   * @param alone one entity a call, since on a cluster one call cannot reach the keys of two slots
   * @param push adds what the script needs for an item to the words, and returns about how many characters that were
   */
  constructor(alone: boolean, push: (words: Word[], item: T) => number) {
    this.#max = alone ? 1 : MAX_ENTITIES
    this.#push = push
  }

  add(key: string, item: T): void {
    this.#keys.push(key)
    this.#characters += this.#push(this.#words, item)
    if (this.#keys.length >= this.#max || this.#characters >= MAX_CHARACTERS) this.#close()
  }

  /** The requests of all that was added. */
  finish(): readonly Request[] {
    if (this.#keys.length > 0) this.#close()
    return this.#requests
  }

  /** What became of each entity, in the order added. */
  read(replies: readonly Reply[]): Applied[] {
    const results: Applied[] = []
    for (const [i, reply] of replies.entries()) {
      const words = reply.ok ? (JSON.parse(reply.value as string) as string[]) : []
      for (let j = 0; j < (this.#sizes[i] as number); j++) {
        if (reply.ok) results.push(readWord(words[j] as string, reply.incarnation))
        // Where in the call it failed is not known: it may have applied any of them.
        else results.push({ status: "unknown", error: reply.error })
      }
    }
    return results
  }

  #close(): void {
    const keys = this.#keys
    const args = [APPLY_SHA, String(keys.length), ...keys, JSON.stringify(this.#words)]
    this.#requests.push({ key: keys[0] as string, name: "EVALSHA", args })
    this.#sizes.push(keys.length)
    this.#keys = []
    this.#words = []
    this.#characters = 0
  }
}

function readWord(word: string, incarnation: Incarnation): Applied {
  const rest = word.slice(1)
  if (word[0] === "+") return { status: "applied", lastWrite: rest === "" ? undefined : rest, incarnation }
  return word[0] === "-" ? { status: "conflict" } : { status: "unknown", error: rest }
}
