import { type Clock, FabraError, systemClock } from "@fabra/events"
import { checkWhole, show } from "@fabra/events/adapter"
import { OpenAI } from "openai"

/** Which model makes the vectors, where it is, and how much may be asked of it. */
export interface OpenAIEmbedderOptions {
  readonly apiKey?: string | undefined
  /** Of a server that speaks the same API. Default `https://api.openai.com/v1`. */
  readonly baseUrl?: string | undefined
  /** An OpenAI client of your own, instead of `apiKey` and `baseUrl`. */
  readonly client?: OpenAI
  /** Default `text-embedding-3-small`. */
  readonly model?: string | undefined
  /** Length of the vectors. Default: what the model is known for; has to be said for others. */
  readonly dimensions?: number | undefined
  /** Most tokens to send in a minute, over all calls; what would be more waits. Default: no limit. */
  readonly tokensPerMinute?: number | undefined
  /** How long one request may take, in milliseconds, default 20,000. */
  readonly timeoutMs?: number
  /** Further requests after one that failed and may succeed later, 0 to 100, default 4. */
  readonly maxRetries?: number
  readonly clock?: Clock
}

/** The options, checked and completed. */
export interface Settings {
  readonly client: OpenAI
  readonly model: string
  readonly dimensions: number
  /** The server is asked for so many; others would refuse to be. */
  readonly asksForDimensions: boolean
  readonly tokensPerMinute: number | undefined
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly clock: Clock
}

const KNOWN_DIMENSIONS: Readonly<Record<string, number>> = {
  "text-embedding-3-small": 1_536,
  "text-embedding-3-large": 3_072,
  "text-embedding-ada-002": 1_536,
}

/** @throws FabraError `invalid_argument` */
export function checkOptions(options: OpenAIEmbedderOptions): Settings {
  const { model = "text-embedding-3-small", tokensPerMinute, timeoutMs = 20_000, maxRetries = 4 } = options
  const dimensions = options.dimensions ?? KNOWN_DIMENSIONS[model]
  if (dimensions === undefined) {
    const message = `The vectors of ${show(model)} are of unknown length: say its dimensions.`
    throw new FabraError("invalid_argument", message, { path: "dimensions" })
  }
  checkWhole("dimensions", dimensions, [1, 100_000])
  if (tokensPerMinute !== undefined) checkWhole("tokensPerMinute", tokensPerMinute, [1])
  checkWhole("timeoutMs", timeoutMs, [1, 3_600_000])
  checkWhole("maxRetries", maxRetries, [0, 100])
  return {
    client: clientOf(options),
    model,
    dimensions,
    asksForDimensions: options.dimensions !== undefined && model.includes("text-embedding-3"),
    tokensPerMinute,
    timeoutMs,
    maxRetries,
    clock: options.clock ?? systemClock,
  }
}

function clientOf({ client, apiKey: key, baseUrl }: OpenAIEmbedderOptions): OpenAI {
  const apiKey = key?.trim()
  if (client !== undefined) {
    if (apiKey === undefined && baseUrl === undefined) return client
    throw new FabraError("invalid_argument", "client is given beside apiKey or baseUrl: name one of them.", {
      path: "client",
    })
  }
  if (!apiKey) throw new FabraError("invalid_argument", "apiKey is missing.", { path: "apiKey" })
  // Neither is shown: `fetch` would tell what is wrong with them, the secret in its message.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    const message = "apiKey must be one word of visible ASCII characters, without a line break."
    throw new FabraError("invalid_argument", message, { path: "apiKey" })
  }
  if (baseUrl !== undefined && !isPlainAddress(baseUrl)) {
    const message = "baseUrl must be an http address, without user, password, query and fragment."
    throw new FabraError("invalid_argument", message, { path: "baseUrl" })
  }
  // All is said, so that nothing is read from the environment behind the caller's back.
  return new OpenAI({
    apiKey,
    baseURL: baseUrl ?? "https://api.openai.com/v1",
    organization: null,
    project: null,
    maxRetries: 0,
  })
}

function isPlainAddress(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, username, password, search, hash } = new URL(address)
  return /^https?:$/.test(protocol) && username + password + search + hash === ""
}

/**
 * Reads from environment variables: `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `FABRA_EMBEDDING_MODEL`,
 * `FABRA_EMBEDDING_DIMENSIONS` and `FABRA_EMBEDDING_TOKENS_PER_MINUTE`. `undefined` when neither of the first two is set; a
 * server of your own may do without a key.
 * @throws FabraError `invalid_setting`, naming the variable
 */
export function embedderSettingsFromEnv(
  env: Readonly<Record<string, string | undefined>>,
): OpenAIEmbedderOptions | undefined {
  const apiKey = env.OPENAI_API_KEY || undefined
  const baseUrl = env.OPENAI_BASE_URL || undefined
  if (apiKey === undefined && baseUrl === undefined) return undefined
  return {
    apiKey: apiKey ?? "none",
    baseUrl,
    model: env.FABRA_EMBEDDING_MODEL || undefined,
    dimensions: countFrom(env, "FABRA_EMBEDDING_DIMENSIONS"),
    tokensPerMinute: countFrom(env, "FABRA_EMBEDDING_TOKENS_PER_MINUTE"),
  }
}

function countFrom(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const text = env[name]?.trim()
  if (!text) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : text
  checkWhole(name, value, [1], "invalid_setting")
  return value
}
