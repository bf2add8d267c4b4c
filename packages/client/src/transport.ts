import { FabraApiError } from "./api-error.js"
import type { ClientOptions } from "./options.js"

const MAX_PAUSE_MS = 10_000

/** A request that may be sent more than once. */
export interface ApiRequest {
  readonly path: string
  readonly contentType: string
  readonly body: string
  readonly signal: AbortSignal | undefined
  /** What the answer may take in addition, in milliseconds. */
  readonly extraMs?: number
}

/** Sends requests, and again where that may help. */
export class Transport {
  readonly #options: Required<Omit<ClientOptions, "apiKey">>
  readonly #headers: Readonly<Record<string, string>>

  constructor({ url, apiKey, timeoutMs = 10_000, maxRetries = 3, retryBaseMs = 100, ...rest }: ClientOptions) {
    this.#options = {
      ...{ timeoutMs, maxRetries, retryBaseMs },
      url: url.replace(/\/+$/, ""),
      // Not the function itself: called as a method of ours, a browser's fetch refuses.
      fetch: rest.fetch ?? ((...args) => fetch(...args)),
    }
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  }

  /** Sends until there is an answer that is no passing trouble. @throws FabraApiError */
  async send(request: ApiRequest): Promise<string> {
    return this.retrying(request.signal, () => this.once(request))
  }

  /** Tries again what fails for a passing reason. @throws FabraApiError the last one */
  async retrying<Result>(signal: AbortSignal | undefined, attempt: () => Promise<Result>): Promise<Result> {
    for (let retries = 0; ; retries++) {
      try {
        return await attempt()
      } catch (error) {
        const isPassing = error instanceof FabraApiError && error.isPassing
        if (!isPassing || retries >= this.#options.maxRetries || signal?.aborted) throw error
        await pause(this.#options.retryBaseMs * 2 ** retries, error.retryAfterMs, signal)
      }
    }
  }

  /** Sends once. @throws FabraApiError */
  async once({ path, contentType, body, signal, extraMs = 0 }: ApiRequest): Promise<string> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs + extraMs)
    try {
      const response = await this.#options.fetch(this.#options.url + path, {
        method: "POST",
        headers: { ...this.#headers, "content-type": contentType },
        body,
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      })
      const text = await response.text()
      if (response.ok) return text
      throw FabraApiError.fromProblem(parse(text), response.status, retryAfter(response))
    } catch (error) {
      if (error instanceof FabraApiError) throw error
      if (signal?.aborted) throw new FabraApiError("aborted", "The call was given up.", { cause: error })
      if (timeout.aborted) throw new FabraApiError("timeout", "The server did not answer in time.", { cause: error })
      throw new FabraApiError("unreachable", `The server cannot be reached: ${describe(error)}.`, { cause: error })
    }
  }
}

function parse(text: string): unknown {
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

function describe(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message ?? String(error)
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
