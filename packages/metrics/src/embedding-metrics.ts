import type { Embedder } from "@fabra/core"
import type { Registry } from "prom-client"
import { definitions } from "./definitions.js"
import { makeCounter, makeHistogram } from "./make.js"

/** Without a tokenizer, a token is taken for so many bytes. */
const BYTES_PER_TOKEN = 4

/** Counts the calls, texts and tokens of embedders. */
export function createEmbedderCounter(registry: Registry): (embedder: Embedder) => Embedder {
  const seconds = makeHistogram(definitions.embeddingCalls, registry)
  const failures = makeCounter(definitions.embeddingFailures, registry)
  const texts = makeCounter(definitions.embeddingTexts, registry)
  const tokens = makeCounter(definitions.embeddingTokens, registry)
  return (embedder) => {
    const countTokens = embedder.countTokens?.bind(embedder)
    const tokensOf = countTokens ?? ((text: string) => Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN))
    return {
      id: embedder.id,
      dimensions: embedder.dimensions,
      countTokens,
      async embed(given, options) {
        const end = seconds.startTimer()
        try {
          const vectors = await embedder.embed(given, options)
          texts.inc(given.length)
          tokens.inc(given.reduce((sum, text) => sum + tokensOf(text), 0))
          return vectors
        } catch (error) {
          failures.inc()
          throw error
        } finally {
          end()
        }
      },
    }
  }
}
