import { countTokens as count } from "gpt-tokenizer/encoding/cl100k_base"

const NONE: ReadonlySet<string> = new Set()

/** The tokenizer's time grows with the square of the length of a word, or of a blank stretch. */
const MAX_WORD = 1_000
const LONG_WORD = new RegExp(`\\S{${MAX_WORD}}|\\s{${MAX_WORD}}`)

/**
 * Counts the tokens of OpenAI's embedding models; of others it is a good guess. What looks like a special token is text. A
 * text that has a word or blank stretch of 1,000 characters is counted in parts, which is a few in a hundred off.
 */
export function countTokens(text: string): number {
  if (!LONG_WORD.test(text)) return countAll(text)
  let tokens = 0
  for (let start = 0; start < text.length; ) {
    const end = wholeCharacter(text, start + MAX_WORD)
    tokens += countAll(text.slice(start, end))
    start = end
  }
  return tokens
}

function countAll(text: string): number {
  return count(text, { disallowedSpecial: NONE as Set<string> })
}

/** `at`, or one further if that would part the two units of one character. */
function wholeCharacter(text: string, at: number): number {
  return /[\ud800-\udbff]/.test(text[at - 1] ?? "") ? at + 1 : at
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
