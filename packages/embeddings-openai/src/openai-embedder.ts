import type { Embedder } from "@fabra/core"
import { sleep } from "@fabra/events/adapter"
import { readVectors } from "./answer.js"
import { readFailure } from "./errors.js"
import { checkOptions, type OpenAIEmbedderOptions, type Settings } from "./options.js"
import { TokenBudget } from "./token-budget.js"
import { batches, countTokens, type TextBatch } from "./tokens.js"

/** Most requests under way at once. */
const MAX_REQUESTS = 4
const RETRY_BASE_MS = 500
const RETRY_MAX_MS = 30_000

/**
 * Vectors from OpenAI's embedding models, or from any server that speaks the same API.
 *
 * Texts go in as few requests as the API allows. A server that asks to be left alone for a while (`Retry-After`) is, by all
 * requests of this embedder, for at most two minutes; one that asks for more is told at once as `embedder_unavailable`.
 */
export class OpenAIEmbedder implements Embedder {
  readonly id: string
  readonly dimensions: number
  readonly #settings: Settings
  readonly #budget: TokenBudget | undefined
  #underWay = 0
  #waiting: (() => void)[] = []
  /** Before then, in epoch milliseconds, the server wants to hear nothing. */
  #notBefore = 0

  /** Checks the options and connects to nothing. @throws FabraError `invalid_argument` */
  constructor(options: OpenAIEmbedderOptions) {
    const settings = checkOptions(options)
    this.#settings = settings
    this.dimensions = settings.dimensions
    this.id = `${settings.model}/${settings.dimensions}`
    const { tokensPerMinute, clock } = settings
    if (tokensPerMinute !== undefined) this.#budget = new TokenBudget(tokensPerMinute, clock)
  }

  async embed(texts: readonly string[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<Float32Array[]> {
    const vectors = await Promise.all([...batches(texts)].map((batch) => this.#inTurn(batch, signal)))
    return vectors.flat()
  }

  countTokens(text: string): number {
    return countTokens(text)
  }

  async #inTurn(batch: TextBatch, signal: AbortSignal | undefined): Promise<Float32Array[]> {
    if (this.#underWay >= MAX_REQUESTS) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#underWay++
    try {
      return await this.#request(batch, signal)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay--
      else next()
    }
  }

  async #request({ texts, tokens }: TextBatch, signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const { client, model, dimensions, asksForDimensions, timeoutMs, maxRetries, clock } = this.#settings
    const body = {
      model,
      input: [...texts],
      encoding_format: "base64" as const,
      ...(asksForDimensions ? { dimensions } : {}),
    }
    for (let attempt = 1; ; attempt++) {
      await this.#budget?.take(tokens, signal)
      await this.#untilWelcome(signal)
      signal?.throwIfAborted()
      let answer: unknown
      try {
        const options = { timeout: timeoutMs, maxRetries: 0, signal }
        answer = await client.embeddings.create(body, options)
      } catch (cause) {
        signal?.throwIfAborted()
        const { error, mayRetry, retryAfterMs } = readFailure(model, cause, clock.now())
        if (retryAfterMs !== undefined) this.#notBefore = Math.max(this.#notBefore, clock.now() + retryAfterMs)
        if (!mayRetry || attempt > maxRetries) throw error
        const most = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** (attempt - 1))
        if (retryAfterMs === undefined) await sleep(clock, clock.random() * most, signal)
        continue
      }
      return readVectors(model, answer, texts.length)
    }
  }

  async #untilWelcome(signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#settings
    // Meanwhile another answer may have asked for more.
    while (this.#notBefore > clock.now() && !signal?.aborted) await sleep(clock, this.#notBefore - clock.now(), signal)
  }
}
