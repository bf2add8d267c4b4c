import { STATUS_CODES } from "node:http"
import { type ErrorCode, type ErrorIssue, FabraError } from "@fabra/events"
import { joinPath } from "@fabra/events/adapter"

/** Every `code` an answer can carry, and the status it always comes with. The list is closed. */
export const PROBLEM_STATUS = {
  invalid_json: 400,
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  unknown_entity: 404,
  unknown_event_type: 404,
  unknown_feature: 404,
  unknown_index: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  event_too_large: 413,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected_request: 421,
  embedding_refused: 422,
  invalid_event: 422,
  rate_limited: 429,
  headers_too_large: 431,
  feature_failed: 500,
  index_mismatch: 500,
  internal: 500,
  invalid_embedding: 500,
  not_migrated: 500,
  bus_full: 503,
  bus_unavailable: 503,
  cache_unavailable: 503,
  closing: 503,
  embedder_unavailable: 503,
  partition_mismatch: 503,
  publish_unknown: 503,
  vector_unavailable: 503,
} as const

/** One of {@link PROBLEM_STATUS}. */
export type ProblemCode = keyof typeof PROBLEM_STATUS

/** Most issues one answer lists. */
export const MAX_ISSUES = 100

/** An error answer, RFC 9457 (`application/problem+json`), as it is sent. */
export interface ProblemBody {
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
  readonly path?: string | undefined
  readonly allowed?: readonly string[] | undefined
  readonly issues?: readonly ErrorIssue[] | undefined
  readonly event_id?: string | undefined
}

/** What a {@link Problem} may carry besides its code and detail. */
export interface ProblemExtras {
  readonly path?: string | undefined
  readonly allowed?: readonly string[] | undefined
  readonly issues?: readonly ErrorIssue[] | undefined
  /** The event the answer is about, so that it can be sent again under its id. */
  readonly eventId?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** An answer that is an error. Its text is for clients: nothing of the inside may be in it. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly extras: ProblemExtras

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail, { cause: extras.cause })
    this.name = "Problem"
    this.code = code
    this.extras = extras
  }

  get status(): number {
    return PROBLEM_STATUS[this.code]
  }

  get headers(): Readonly<Record<string, string>> {
    return { ...(this.status === 503 ? { "retry-after": "1" } : {}), ...this.extras.headers }
  }

  toBody(): ProblemBody {
    const { path, allowed, issues, eventId } = this.extras
    return {
      title: STATUS_CODES[this.status] ?? "Error",
      status: this.status,
      detail: /[.?!]$/.test(this.message) ? this.message : `${this.message}.`,
      code: this.code,
      path: path || undefined,
      allowed,
      issues: issues?.length ? issues.slice(0, MAX_ISSUES) : undefined,
      event_id: eventId,
    }
  }

  /** The same answer, about this event, or about none. */
  about(eventId: string | undefined): Problem {
    return new Problem(this.code, this.message, { ...this.extras, eventId })
  }
}

/** How a fault of a header is located. */
export function headerPath(name: string): string {
  return joinPath("headers", name)
}

/** What an error of Fabra is to a client. What is not listed is a fault of ours, and told to nobody but the log. */
const CODE_OF: Partial<Record<ErrorCode, ProblemCode>> = {
  bus_closed: "bus_unavailable",
  bus_full: "bus_full",
  bus_unavailable: "bus_unavailable",
  cache_unavailable: "cache_unavailable",
  embedder_unavailable: "embedder_unavailable",
  embedding_refused: "embedding_refused",
  event_too_large: "event_too_large",
  feature_failed: "feature_failed",
  index_mismatch: "index_mismatch",
  invalid_argument: "invalid_request",
  invalid_embedding: "invalid_embedding",
  invalid_event: "invalid_event",
  invalid_name: "invalid_request",
  not_found: "not_found",
  not_migrated: "not_migrated",
  partition_mismatch: "partition_mismatch",
  publish_unknown: "publish_unknown",
  unknown_entity: "unknown_entity",
  unknown_feature: "unknown_feature",
  unknown_index: "unknown_index",
  vector_unavailable: "vector_unavailable",
}

/** Addresses and states of servers are told to the log, not to clients. */
const TEXT_OF: Partial<Record<ProblemCode, string>> = {
  bus_unavailable: "The event bus does not answer. Try again.",
  cache_unavailable: "The feature cache does not answer. Try again.",
  embedder_unavailable: "The embedder does not answer. Try again.",
  embedding_refused: "The embedder does not take this text.",
  feature_failed: "A feature could not be computed; the reason is in the server's log.",
  index_mismatch: "The index was made for another embedder or metric; the server's log says which.",
  internal: "Something went wrong here; it is in the server's log.",
  invalid_embedding: "The embedder gave no usable vector; what it gave is in the server's log.",
  not_migrated: "The vector store is not migrated: run `fabra migrate`, or call store.migrate().",
  partition_mismatch:
    "This server is set to another number of partitions than its namespace has, and takes no events; its log says which.",
  publish_unknown: "The event bus may have taken the event or not; send it again under the same event_id.",
  vector_unavailable: "The index does not answer. Try again.",
}

/** Refusals of Fastify and its plugins whose own text would not help. */
const FASTIFY: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  ECONNRESET: ["invalid_request", "The body ended before it was complete."],
  FST_ERR_BAD_URL: ["invalid_request", "The path is not well-formed percent-encoding."],
  FST_ERR_MAX_PARAM_LENGTH: ["invalid_request", "A part of the path is too long."],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["invalid_request", "The body is not as long as content-length says."],
}

/** What is wrong with a request, by the status that Fastify or a plugin refuses it with. */
const REFUSED: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  403: ["not_found", "There is nothing at this path. See /docs for what there is."],
  404: ["not_found", "There is nothing at this path. See /docs for what there is."],
  405: ["method_not_allowed", "This path does not know the method."],
  413: ["payload_too_large", "The body is too large."],
  414: ["headers_too_large", "The path is too long."],
  415: ["unsupported_media_type", "The server does not accept this content-type here."],
}

/** Makes of any error what may be said to a client. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof FabraError) {
    const code = CODE_OF[error.code] ?? "internal"
    const { path, issues, allowed } = error
    const text = TEXT_OF[code]
    if (text === undefined) return new Problem(code, error.message, { path, issues, allowed, cause: error })
    return new Problem(code, text, { path: code === "feature_failed" ? path : undefined, cause: error })
  }
  const { code = "", statusCode = 500 } = (error ?? {}) as { readonly code?: string; readonly statusCode?: number }
  const known = FASTIFY[code] ?? REFUSED[statusCode]
  if (known !== undefined) return new Problem(known[0], known[1], { cause: error })
  if (statusCode >= 400 && statusCode < 500) {
    return new Problem("invalid_request", "The server does not understand this request.", { cause: error })
  }
  return new Problem("internal", TEXT_OF.internal as string, { cause: error })
}
