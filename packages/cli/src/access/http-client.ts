import { type ErrorCode, FabraError } from "@fabra/events"

const PATIENCE_MS = 30_000

/** What the API's codes are in here, where they are called otherwise. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  bus_full: "bus_full",
  bus_unavailable: "bus_unavailable",
  cache_unavailable: "cache_unavailable",
  closing: "bus_unavailable",
  embedder_unavailable: "embedder_unavailable",
  embedding_refused: "embedding_refused",
  event_too_large: "event_too_large",
  feature_failed: "feature_failed",
  forbidden: "invalid_setting",
  invalid_embedding: "invalid_embedding",
  invalid_event: "invalid_event",
  invalid_request: "invalid_argument",
  not_found: "not_found",
  not_migrated: "not_migrated",
  publish_unknown: "publish_unknown",
  rate_limited: "bus_full",
  unauthorized: "invalid_setting",
  unknown_entity: "unknown_entity",
  unknown_event_type: "invalid_event",
  unknown_feature: "unknown_feature",
  unknown_index: "unknown_index",
  vector_unavailable: "vector_unavailable",
}

/** An error answer of the API. */
export interface ProblemBody {
  readonly code: string
  readonly detail: string
}

/** Calls one HTTP API, and makes its error answers errors. */
export class HttpClient {
  readonly url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, apiKey: string | undefined) {
    this.url = url.replace(/\/$/, "")
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  }

  /** The body of the answer. @throws FabraError `bus_unavailable` when there is none; what the API answers otherwise */
  async call<Body>(path: string, body?: string): Promise<Body> {
    const response =
      body === undefined
        ? await this.open(path, { signal: AbortSignal.timeout(PATIENCE_MS) })
        : await this.send(path, body, "application/json")
    const text = await response.text().catch((error) => Promise.reject(this.#unreachable(error)))
    return (text === "" ? undefined : JSON.parse(text)) as Body
  }

  /** Posts a body; the answer itself, when it is no error. */
  send(path: string, body: string, type: string): Promise<Response> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    return this.open(path, { method: "POST", body, headers: { "content-type": type }, signal })
  }

  /** The answer itself, when it is no error. */
  async open(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...this.#headers, ...(init.headers as Record<string, string> | undefined) }
    const response = await fetch(this.url + path, { ...init, headers }).catch((error) => {
      throw this.#unreachable(error)
    })
    if (response.ok) return response
    throw await this.#toError(response)
  }

  #unreachable(cause: unknown): FabraError {
    const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException
    const hint =
      "start `fabra dev` or `fabra serve`, or set FABRA_SERVER_URL or FABRA_REDIS_URL (of search: FABRA_POSTGRES_URL)"
    return new FabraError("bus_unavailable", `Nothing answers at ${this.url} (${code ?? message}): ${hint}.`, { cause })
  }

  async #toError(response: Response): Promise<FabraError> {
    try {
      const { code, detail } = (await response.json()) as ProblemBody
      if (typeof detail === "string") return toFabraError({ code, detail })
    } catch {
      // It is no answer of ours.
    }
    return new FabraError("internal", `${this.url} answers ${response.status}; is that a Fabra server?`)
  }
}

/** An error of the API as an error here. */
export function toFabraError({ code, detail }: ProblemBody): FabraError {
  const hint = code === "unauthorized" ? " Give it with FABRA_API_KEY." : ""
  return new FabraError(CODES[code] ?? "internal", `${detail}${hint}`)
}
