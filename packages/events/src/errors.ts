import { errorTexts } from "./error-texts.js"

/** Every code a {@link FabraError} can carry. The list is closed: a `switch` over it is exhaustive. */
export const ERROR_CODES = [
  "bus_closed",
  "bus_full",
  "bus_unavailable",
  "cache_unavailable",
  "duplicate_name",
  "embedder_unavailable",
  "embedding_refused",
  "event_too_large",
  "feature_failed",
  "feature_owned",
  "handler_timeout",
  "index_mismatch",
  "invalid_argument",
  "invalid_embedding",
  "invalid_event",
  "invalid_name",
  "invalid_setting",
  "invalid_value",
  "not_found",
  "not_migrated",
  "offline_unavailable",
  "partition_mismatch",
  "publish_unknown",
  "query_failed",
  "superseded",
  "timeout",
  "unknown_entity",
  "unknown_feature",
  "unknown_index",
  "vector_unavailable",
  "internal",
] as const

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number]

/** One thing that is wrong, and where: `path` reads like `payload.items[2].price`, empty for the whole. */
export interface ErrorIssue {
  readonly path: string
  readonly message: string
}

/** What an error may be built with besides its message. */
export interface FabraErrorOptions {
  /** Where in the input the fault lies, as `payload.items[2].price`. */
  readonly path?: string | undefined
  /** Every fault found, when there may be more than one. */
  readonly issues?: readonly ErrorIssue[] | undefined
  /** What would have been accepted. */
  readonly allowed?: readonly string[] | undefined
  /** The error this one was made from. */
  readonly cause?: unknown
}

const BRAND = Symbol.for("fabra.error")

/**
 * The one error class of Fabra: a stable {@link ErrorCode}, where the fault lies, and what is allowed.
 * `instanceof` also holds for errors of another installed copy of this package.
 */
export class FabraError extends Error {
  readonly code: ErrorCode
  readonly path: string | undefined
  readonly issues: readonly ErrorIssue[]
  readonly allowed: readonly string[] | undefined

  constructor(code: ErrorCode, message: string, options: FabraErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "FabraError"
    this.code = code
    this.path = options.path
    this.issues = options.issues ?? (options.path === undefined ? [] : [{ path: options.path, message }])
    this.allowed = options.allowed
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Returns `error` if it is a {@link FabraError}, else one with `code` that has it as its cause. */
  static from(error: unknown, code: ErrorCode = "internal"): FabraError {
    if (error instanceof FabraError) return error
    return new FabraError(code, errorTexts(error).message, { cause: error })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    try {
      return typeof value === "object" && value !== null && BRAND in value
    } catch {
      // A proxy that throws when it is asked.
      return false
    }
  }
}

/** The bus holds as many events as it may; the event was **not** taken. Publish it again later. */
export class BusFullError extends FabraError {
  constructor(message: string, options?: FabraErrorOptions) {
    super("bus_full", message, options)
    this.name = "BusFullError"
  }

  // Without its own check the inherited one would call every FabraError a BusFullError.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof FabraError && value.code === "bus_full"
  }
}
