import { countTokens as count } from "gpt-tokenizer/encoding/cl100k_base"

const NONE: ReadonlySet<string> = new Set()

/** Counts the tokens of OpenAI's embedding models; of others it is a good guess. What looks like a special token is text. */
export function countTokens(text: string): number {
  return count(text, { disallowedSpecial: NONE as Set<string> })
}

/** Texts that go in one request. */
export interface TextBatch {
  readonly texts: readonly string[]
  readonly tokens: number
}

// Source: https://platform.openai.com/docs/api-reference/embeddings/create
const MAX_TEXTS = 2_048
const MAX_TOKENS = 300_000

/** Shares texts, in their order, out among requests. */
export function* batches(texts: readonly string[]): Generator<TextBatch> {
  let batch: string[] = []
  let tokens = 0
  for (const text of texts) {
    const more = countTokens(text)
    if (batch.length > 0 && (batch.length >= MAX_TEXTS || tokens + more > MAX_TOKENS)) {
      yield { texts: batch, tokens }
      batch = []
      tokens = 0
    }
    batch.push(text)
    tokens += more
  }
  if (batch.length > 0) yield { texts: batch, tokens }
}
