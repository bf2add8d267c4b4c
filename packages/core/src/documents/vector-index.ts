import { checkName, FabraError, show } from "@fabra/events"
import type { Embedder } from "./embedder.js"
import { METRICS, type Metric } from "./vector-store.js"

/** How an index is kept and filled. */
export interface VectorIndexOptions {
  /** What makes vectors of its texts. Default: the store's. */
  readonly embedder?: Embedder
  /** Default `cosine`. */
  readonly metric?: Metric
  /** How texts are cut, at the ends of lines and sentences. A text that fits is one chunk. */
  readonly chunking?: {
    /** Most tokens of one chunk, 1 to 8,000, default 400. */
    readonly maxTokens?: number
    /** About so many tokens from the end of a chunk begin the next one too; less than `maxTokens`, default an eighth. */
    readonly overlapTokens?: number
  }
  /** In which language full text is read, by its English name; `simple` for none. Default `english`. */
  readonly language?: string
}

/** An index of documents, as a handle. Made by `store.vectorIndex`. */
export interface VectorIndex<Name extends string = string> {
  readonly name: Name
  /** `undefined`: the store's. */
  readonly embedder: Embedder | undefined
  readonly metric: Metric
  readonly maxTokens: number
  readonly overlapTokens: number
  readonly language: string
}

const MAX_TOKENS = 8_000

/** @throws FabraError `invalid_name`, `invalid_argument` */
export function newVectorIndex(name: string, options: VectorIndexOptions): VectorIndex {
  checkName("index", name)
  const { embedder, metric = "cosine", chunking = {}, language = "english" } = options
  const { maxTokens = 400, overlapTokens = Math.floor(maxTokens / 8) } = chunking
  const check = (path: string, value: unknown, fits: boolean, rule: string, allowed?: readonly string[]) => {
    if (fits) return
    const message = `Index "${name}": ${path} is ${show(value)}: it must be ${rule}.`
    throw new FabraError("invalid_argument", message, allowed === undefined ? { path } : { path, allowed })
  }
  const isWhole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max
  check("metric", metric, METRICS.includes(metric), METRICS.map(show).join(", "), METRICS)
  check("chunking.maxTokens", maxTokens, isWhole(maxTokens, 1, MAX_TOKENS), `a whole number from 1 to ${MAX_TOKENS}`)
  const most = maxTokens - 1
  check("chunking.overlapTokens", overlapTokens, isWhole(overlapTokens, 0, most), `a whole number from 0 to ${most}`)
  check("language", language, /^[a-z]{1,63}$/.test(language), "a word of small letters")
  return Object.freeze({ name, embedder, metric, maxTokens, overlapTokens, language })
}
