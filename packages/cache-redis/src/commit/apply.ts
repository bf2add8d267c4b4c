import type { Epoch } from "@fabra/core/adapter"
import type { Reply, Request } from "../transport/delivery.js"
import { applyScript, Words } from "./script.js"

// About 250 µs of Redis's time: more would make reads of features wait behind a commit.
const MAX_ENTITIES = 64
const MAX_CHARACTERS = 256 * 1024

/** What {@link applyScript} did with one entity. */
export type Applied =
  | { readonly status: "applied"; readonly lastWrite: string | undefined; readonly epoch: Epoch }
  | { readonly status: "conflict" }
  | { readonly status: "unknown"; readonly error: unknown }

/** How one kind of change is applied. */
export interface Applying<T> {
  /** There may be no record yet, so that its id may not be in the index; then its writer has no part in it either. */
  readonly isNew: (item: T) => boolean
  /** Its writer may have no part in the record: of what removals have left something may count. */
  readonly isPartless: (item: T) => boolean
  /** See {@link ApplyCalls}. */
  readonly push: (words: Words, item: T) => number
  /** What was applied already may be sent again. */
  readonly repeatable: boolean
}

/** Gathers entities into calls of the script, and tells from the replies what became of each. */
export class ApplyCalls<T> {
  readonly #max: number
  readonly #push: (words: Words, item: T) => number
  readonly #requests: Request[] = []
  readonly #sizes: number[] = []
  #keys: string[] = []
  #words = new Words()
  #characters = 0
  #tombstones: string | undefined
  /** Of new ones: by their place in the call, from 1 on, the ids; and the sets where these belong. */
  #ids: Record<number, string> = {}
  #indexes: string[] = []

  /**
   * @param alone one entity a call, since on a cluster one call cannot reach the keys of two slots
   * @param push adds what the script needs for an item to the words, and returns about how many characters that were
   */
  constructor(alone: boolean, push: (words: Words, item: T) => number) {
    this.#max = alone ? 1 : MAX_ENTITIES
    this.#push = push
  }

  /**
   * @param tombstones the key of what removals have left, if that may count
   * @param listing what of the entity goes into the index, and where that is, if the script is to do it
   */
  add(key: string, item: T, tombstones?: string, listing?: { readonly id: string; readonly index: string }): void {
    this.#keys.push(key)
    this.#characters += this.#push(this.#words, item)
    this.#tombstones ??= tombstones
    if (listing !== undefined) {
      this.#ids[this.#keys.length] = listing.id
      this.#indexes.push(listing.index)
    }
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
        if (reply.ok) results.push(readWord(words[j] as string, reply.epoch))
        // Where in the call it failed is not known: it may have applied any of them.
        else results.push({ status: "unknown", error: reply.error })
      }
    }
    return results
  }

  #close(): void {
    const keys = this.#keys
    const size = keys.length
    const words = [JSON.stringify(this.#words.list), JSON.stringify(this.#words.names)]
    if (this.#tombstones !== undefined) {
      keys.push(...this.#indexes, this.#tombstones)
      words.push(String(size), JSON.stringify(this.#ids))
    }
    this.#requests.push({ key: keys[0] as string, ...applyScript.command(keys, words) })
    this.#sizes.push(size)
    this.#keys = []
    this.#words = new Words()
    this.#characters = 0
    this.#tombstones = undefined
    this.#ids = {}
    this.#indexes = []
  }
}

function readWord(word: string, epoch: Epoch): Applied {
  const rest = word.slice(1)
  if (word[0] === "+") return { status: "applied", lastWrite: rest === "" ? undefined : rest, epoch }
  return word[0] === "-" ? { status: "conflict" } : { status: "unknown", error: rest }
}
