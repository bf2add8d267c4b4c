import { createHash } from "node:crypto"
import { checkWhole } from "@fabra/events/adapter"
import { type Embedder, embedChecked } from "./embedder.js"

/**
 * Remembers the vectors of the texts used last, by a hash of the text, so that an edited document costs only its new
 * chunks and a repeated question nothing.
 */
export class CachingEmbedder implements Embedder {
  readonly id: string
  readonly dimensions: number
  readonly countTokens: ((text: string) => number) | undefined
  readonly #embedder: Embedder
  readonly #maxTexts: number
  /** The one used last stands last. */
  readonly #vectors = new Map<string, Float32Array>()

  /** @throws FabraError `invalid_argument` */
  constructor(embedder: Embedder, options: { /** From 1 on, default 5,000. */ readonly maxTexts?: number } = {}) {
    const { maxTexts = 5_000 } = options
    checkWhole("maxTexts", maxTexts, [1])
    this.id = embedder.id
    this.dimensions = embedder.dimensions
    this.countTokens = embedder.countTokens?.bind(embedder)
    this.#embedder = embedder
    this.#maxTexts = maxTexts
  }

  async embed(texts: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<Float32Array[]> {
    const hashes = texts.map((text) => createHash("sha256").update(text).digest("base64"))
    const found = new Map<string, Float32Array>()
    const missing = new Map<string, string>()
    for (const [i, hash] of hashes.entries()) {
      const vector = this.#vectors.get(hash)
      if (vector === undefined) missing.set(hash, texts[i] as string)
      else found.set(hash, vector)
    }
    const made = await embedChecked(this.#embedder, [...missing.values()], options?.signal)
    for (const [i, hash] of [...missing.keys()].entries()) found.set(hash, made[i] as Float32Array)
    for (const [hash, vector] of found) this.#keep(hash, vector)
    return hashes.map((hash) => found.get(hash) as Float32Array)
  }

  #keep(hash: string, vector: Float32Array): void {
    this.#vectors.delete(hash)
    this.#vectors.set(hash, vector)
    for (const oldest of this.#vectors.keys()) {
      if (this.#vectors.size <= this.#maxTexts) break
      this.#vectors.delete(oldest)
    }
  }
}
