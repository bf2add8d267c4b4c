import { FabraError } from "@fabra/events"
import { checkName, checkWhole, show } from "@fabra/events/adapter"
import { inDefinition } from "../in-definition.js"
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
  return inDefinition(`Index "${name}"`, () => {
    const refuse = (path: string, value: unknown, rule: string, allowed?: readonly string[]) =>
      new FabraError("invalid_argument", `${path} is ${show(value)}: it must be ${rule}.`, { path, allowed })
    if (!METRICS.includes(metric)) throw refuse("metric", metric, METRICS.map(show).join(", "), METRICS)
    checkWhole("chunking.maxTokens", maxTokens, [1, MAX_TOKENS])
    checkWhole("chunking.overlapTokens", overlapTokens, [0, maxTokens - 1])
    if (!/^[a-z]{1,63}$/.test(language)) throw refuse("language", language, "a word of small letters")
    return Object.freeze({ name, embedder, metric, maxTokens, overlapTokens, language })
  })
}
