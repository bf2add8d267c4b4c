/** What is wrong, and where: `path` reads like `payload.items[2].price`. */
export interface ApiIssue {
  readonly path: string
  readonly message: string
}

/** What an error answer says besides its code and detail. */
export interface ApiErrorDetails {
  readonly status?: number | undefined
  readonly path?: string | undefined
  readonly allowed?: readonly string[] | undefined
  readonly issues?: readonly ApiIssue[] | undefined
  readonly eventId?: string | undefined
  /** Milliseconds after which the server asks to try again. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** Answers that pass by themselves. 502 and 504 come from what stands between. */
const PASSING = [408, 429, 502, 503, 504]

/** The server refused, or could not be reached. */
export class FabraApiError extends Error {
  /**
   * The server's code, such as `invalid_event`, see docs/http-api.md; or `unreachable`, `timeout`, `aborted`,
   * `invalid_argument` for options that cannot be used, or `invalid_answer` for what is no answer of Fabra.
   */
  readonly code: string
  /** HTTP status; `undefined` when there was no answer. */
  readonly status: number | undefined
  /** Where the fault lies. */
  readonly path: string | undefined
  /** What would have been accepted. */
  readonly allowed: readonly string[] | undefined
  /** Everything that is wrong. */
  readonly issues: readonly ApiIssue[]
  /** The event it is about: it may be sent again under this id. */
  readonly eventId: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: string, message: string, details: ApiErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = "FabraApiError"
    this.code = code
    this.status = details.status
    this.path = details.path
    this.allowed = details.allowed
    this.issues = details.issues ?? []
    this.eventId = details.eventId
    this.retryAfterMs = details.retryAfterMs
  }

  /** Whether trying again may help. */
  get isPassing(): boolean {
    if (this.status === undefined) return this.code === "unreachable" || this.code === "timeout"
    return PASSING.includes(this.status)
  }

  /** The same error, about this event. */
  about(eventId: string): FabraApiError {
    const { code, message, status, path, allowed, issues, retryAfterMs, cause } = this
    return new FabraApiError(code, message, { status, path, allowed, issues, retryAfterMs, cause, eventId })
  }

  /** Makes an error of the body of an error answer, or of one result among many. */
  static fromProblem(problem: unknown, status: number, retryAfterMs?: number): FabraApiError {
    const { code, detail, path, allowed, issues, event_id } = (problem ?? {}) as Record<string, any>
    if (typeof code !== "string") {
      return new FabraApiError("invalid_answer", `The answer ${status} is none of Fabra's.`, { status, retryAfterMs })
    }
    return new FabraApiError(code, String(detail), { status, path, allowed, issues, eventId: event_id, retryAfterMs })
  }
}
