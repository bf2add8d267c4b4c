import { FabraApiError } from "./api-error.js"
import type { ClientOptions } from "./options.js"

const MAX_PAUSE_MS = 10_000

/** A request that may be sent more than once: GET without a body, else POST, unless it names its method. */
export interface ApiRequest {
  readonly path: string
  readonly method?: "DELETE"
  readonly signal: AbortSignal | undefined
  readonly body?: string | undefined
  /** Of the body. Default `application/json`. */
  readonly contentType?: string
  /** What the answer may take in addition, in milliseconds. */
  readonly extraMs?: number
}

/** Sends requests, and again where that may help. */
export class Transport {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeoutMs: number
  readonly #maxRetries: number
  readonly #retryBaseMs: number
  readonly #fetch: typeof fetch

  constructor(options: ClientOptions) {
    const { url, timeoutMs = 10_000, maxRetries = 3, retryBaseMs = 100 } = options
    const apiKey = options.apiKey?.trim()
    checkPlace(url, apiKey)
    this.#url = url.replace(/\/+$/, "")
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
    this.#timeoutMs = timeoutMs
    this.#maxRetries = maxRetries
    this.#retryBaseMs = retryBaseMs
    // Not the function itself: called as a method of ours, a browser's fetch refuses.
    this.#fetch = options.fetch ?? ((...args) => fetch(...args))
  }

  /** The JSON of the answer, asked for until there is one that is no passing trouble. @throws FabraApiError */
  async send(request: ApiRequest): Promise<any> {
    return parseAnswer(await this.retrying(request.signal, () => this.once(request)))
  }

  /** The body of an answer that goes on for as long as the connection stands. @throws FabraApiError */
  stream(request: ApiRequest): Promise<ReadableStream<Uint8Array> | null> {
    return this.retrying(request.signal, () => this.#exchange(request, async ({ body }) => body))
  }

  /** The text of the answer, asked for once. @throws FabraApiError */
  once(request: ApiRequest): Promise<string> {
    return this.#exchange(request, (response) => response.text())
  }

  /** Tries again what fails for a passing reason. @throws FabraApiError the last one */
  async retrying<Result>(signal: AbortSignal | undefined, attempt: () => Promise<Result>): Promise<Result> {
    for (let retries = 0; ; retries++) {
      try {
        return await attempt()
      } catch (error) {
        const isPassing = error instanceof FabraApiError && error.isPassing
        if (!isPassing || retries >= this.#maxRetries || signal?.aborted) throw error
        await pause(this.#retryBaseMs * 2 ** retries, error.retryAfterMs, signal)
      }
    }
  }

  /** Sends once; the time is up when `read` has not resolved by then. */
  async #exchange<Result>(request: ApiRequest, read: (response: Response) => Promise<Result>): Promise<Result> {
    const { path, method, signal, body, contentType = "application/json", extraMs = 0 } = request
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), this.#timeoutMs + extraMs)
    try {
      const response = await this.#fetch(this.#url + path, {
        signal: signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]),
        ...(body === undefined
          ? { headers: this.#headers, ...(method === undefined ? {} : { method }) }
          : { method: "POST", headers: { ...this.#headers, "content-type": contentType }, body }),
      })
      if (response.ok) return await read(response)
      throw FabraApiError.fromProblem(tryParse(await response.text()), response.status, retryAfter(response))
    } catch (error) {
      if (error instanceof FabraApiError) throw error
      if (signal?.aborted) throw new FabraApiError("aborted", "The call was given up.", { cause: error })
      if (late.signal.aborted)
        throw new FabraApiError("timeout", "The server did not answer in time.", { cause: error })
      throw unreachable(`Nothing answers at ${this.#url}`, error)
    } finally {
      clearTimeout(timer)
    }
  }
}

/** What is wrong here `fetch` would tell with the secret in its message. @throws FabraApiError `invalid_argument` */
function checkPlace(url: string, apiKey: string | undefined): void {
  const { protocol = "", username, password, search, hash } = URL.canParse(url) ? new URL(url) : ({} as Partial<URL>)
  if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== "") {
    const message = "url must read http://host:port or https://host:port, without user, password, query and fragment."
    throw new FabraApiError("invalid_argument", message, { path: "url" })
  }
  if (apiKey === undefined || /^[\x21-\x7e]+$/.test(apiKey)) return
  const message = "apiKey must be one word of visible ASCII characters, without a line break."
  throw new FabraApiError("invalid_argument", message, { path: "apiKey" })
}

/** No answer, or only a part of one. */
export function unreachable(what: string, cause: unknown): FabraApiError {
  const { message, cause: inner } = cause as { message?: string; cause?: { code?: string; message?: string } }
  const why = inner?.code ?? inner?.message ?? message ?? String(cause)
  return new FabraApiError("unreachable", `${what} (${why}).`, { cause })
}

/** @throws FabraApiError `invalid_answer` */
export function parseAnswer(text: string): any {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FabraApiError("invalid_answer", "The answer is no JSON.", { cause })
  }
}

/** What is given, as the query of a path. */
export function toQuery(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text === "" ? "" : `?${text}`
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function retryAfter({ headers }: Response): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

/** Waits a while of chance, so that clients do not come back all at once; not less than what the server asks for. */
function pause(upToMs: number, atLeastMs = 0, signal?: AbortSignal): Promise<void> {
  const ms = Math.min(MAX_PAUSE_MS, atLeastMs + Math.random() * upToMs)
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener("abort", done, { once: true })
  })
}
