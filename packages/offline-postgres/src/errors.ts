import { type ErrorCode, FabraError } from "@fabra/events"

/** What a driver's error means to callers: may it work later, did it take too long, or is the statement wrong? */
function codeOf(state: unknown): ErrorCode {
  if (typeof state !== "string" || !/^[0-9A-Z]{5}$/.test(state)) return "offline_unavailable"
  if (state === "57014") return "timeout"
  // Connections, users, resources, the operator, rolled back for others.
  return /^(08|28|3D|40|53|57|58)/.test(state) ? "offline_unavailable" : "query_failed"
}

/** The driver's error as a {@link FabraError} with its cause. */
export function toFabraError(cause: unknown, timeoutMs: number): FabraError {
  if (cause instanceof FabraError) return cause
  // Several addresses of one host, all refused, are one error without a message of its own.
  const [first] = cause instanceof AggregateError ? cause.errors : [cause]
  const error = (first instanceof Error ? first : new Error(String(first))) as Error & Record<string, unknown>
  const message = error.message || error.name
  const code = message === "Query read timeout" ? "timeout" : codeOf(error.code)
  if (code === "timeout") {
    return new FabraError(code, `Postgres has not finished the query within ${timeoutMs} ms (timeoutMs).`, { cause })
  }
  if (/^(28|3D)/.test(String(error.code)) || message.startsWith("SASL:")) {
    return new FabraError(code, `Postgres refuses the login: ${message}.`, { cause })
  }
  if (code === "offline_unavailable") return new FabraError(code, `Postgres could not be asked: ${message}.`, { cause })
  const more = [error.hint, error.code === "25006" && "The offline store is for reading."].filter(Boolean)
  const text = [`Postgres refuses the query: ${message} (${error.code}).`, ...more].join(" ")
  return new FabraError(code, text, { cause })
}
