import { FabraError } from "@fabra/events"
import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai"

/** Longest silence in milliseconds that a server may ask for: one answer must not stop all embedding for a day. */
const MAX_RETRY_AFTER_MS = 120_000

/** What a failed request tells. */
export interface Failure {
  readonly error: FabraError
  /** The same request may succeed later. */
  readonly mayRetry: boolean
  /** After how many milliseconds, where the server says so; at most {@link MAX_RETRY_AFTER_MS}. */
  readonly retryAfterMs: number | undefined
}

/** Reads the client's error. `now`: epoch milliseconds. */
export function readFailure(model: string, cause: unknown, now: number): Failure {
  const failure = (code: "embedder_unavailable" | "embedding_refused", what: string, mayRetry: boolean): Failure => {
    const message = `The embedding model "${model}" ${what}`
    const asked = mayRetry ? retryAfter(cause, now) : undefined
    if (asked === undefined || asked <= MAX_RETRY_AFTER_MS) {
      return { error: new FabraError(code, message, { cause }), mayRetry, retryAfterMs: asked }
    }
    // Told at once, so that somebody can act on it.
    const [seconds, most] = [Math.ceil(asked / 1_000), MAX_RETRY_AFTER_MS / 1_000]
    const told = `${message} It asks for ${seconds} s without requests; the next goes out after ${most} s.`
    return { error: new FabraError(code, told, { cause }), mayRetry: false, retryAfterMs: MAX_RETRY_AFTER_MS }
  }
  if (cause instanceof APIConnectionTimeoutError) {
    return failure("embedder_unavailable", "did not answer in time.", true)
  }
  if (cause instanceof APIConnectionError) {
    const reason = rootOf(cause)
    return failure("embedder_unavailable", `cannot be reached: ${reason}.`, true)
  }
  if (!(cause instanceof APIError) || cause.status === undefined) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return failure("embedder_unavailable", `gave an answer that cannot be read: ${reason}.`, true)
  }
  const { status, code, message } = cause
  const what = `answered ${message}.`.replace("..", ".")
  if (status === 429 && code === "insufficient_quota") return failure("embedder_unavailable", what, false)
  if (status === 408 || status === 409 || status === 429 || status >= 500) {
    return failure("embedder_unavailable", what, true)
  }
  // What the request says is wrong: for another text it may not be. Keys and names that are wrong are so for all.
  const isText = status === 400 || status === 413 || status === 422
  return failure(isText ? "embedding_refused" : "embedder_unavailable", what, false)
}

function retryAfter(cause: unknown, now: number): number | undefined {
  const headers = cause instanceof APIError ? cause.headers : undefined
  const inMs = Number(headers?.get("retry-after-ms") || Number.NaN)
  if (inMs >= 0) return inMs
  const text = headers?.get("retry-after")
  if (!text) return undefined
  const seconds = Number(text)
  const ms = Number.isNaN(seconds) ? Date.parse(text) - now : seconds * 1000
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** The message at the bottom: the client's own says no more than that there was an error. */
function rootOf(error: Error): string {
  let root = error
  while (root.cause instanceof Error) root = root.cause
  return (root as { code?: string }).code ?? root.message
}
