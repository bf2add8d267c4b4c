import { checkWhole, hashEntityId } from "@fabra/events/adapter"
import type { Embedder } from "./embedder.js"

/** Against a whole word, a piece of three letters counts so much. */
const PIECE_WEIGHT = 0.3

/**
 * Counts words, and pieces of three letters, into a vector by their hash. It knows spellings and no meanings: "car" and
 * "automobile" are strangers to it. Deterministic, needs nothing, and makes development and tests possible without a
 * model; for real search use one.
 */
export class WordHashEmbedder implements Embedder {
  readonly id: string
  readonly dimensions: number

  /** @throws FabraError `invalid_argument` */
  constructor({ dimensions = 256 }: { /** 8 to 4,000, default 256. */ readonly dimensions?: number } = {}) {
    checkWhole("dimensions", dimensions, [8, 4000])
    this.dimensions = dimensions
    this.id = `word-hash-${dimensions}`
  }

  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    return texts.map((text) => this.#embedOne(text))
  }

  #embedOne(text: string): Float32Array {
    const counts = new Map<string, number>()
    const count = (term: string) => counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const word of wordsOf(text)) {
      count(word)
      const padded = `^${word}$`
      for (let i = 0; i + 3 <= padded.length; i++) count(`#${padded.slice(i, i + 3)}`)
    }
    if (counts.size === 0) count(text) // nothing but signs
    const vector = new Float32Array(this.dimensions)
    for (const [term, times] of counts) {
      const hash = hashEntityId(term)
      // A sign from the hash lets terms that share a place cancel out rather than add up.
      const sign = hash & 1 ? 1 : -1
      const weight = (1 + Math.log(times)) * (term[0] === "#" ? PIECE_WEIGHT : 1)
      const place = (hash >>> 1) % this.dimensions
      vector[place] = (vector[place] as number) + sign * weight
    }
    const length = Math.hypot(...vector)
    if (length === 0) vector[0] = 1 // everything has cancelled out
    return length === 0 ? vector : vector.map((value) => value / length)
  }
}

/** The words of a text, as full-text search and {@link WordHashEmbedder} see them. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}
