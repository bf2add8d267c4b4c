import { type ErrorCode, FabraError } from "@fabra/events"

/** What a driver's error means to callers: may the same call work later, is there nothing there yet, is the input wrong? */
function codeOf(state: string | undefined): ErrorCode {
  switch (state) {
    case "3F000": // the schema
    case "42P01": // a table
    case "42883": // a function
      return "not_migrated"
  }
  // Class 22: data that cannot be kept. Class 23: constraints.
  return /^2[23]/.test(state ?? "") ? "invalid_value" : "vector_unavailable"
}

/** Whether Postgres does not let us in as who we say we are, or has no such database: waiting does not mend it. */
export function isRefused(cause: unknown): boolean {
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  return /^(28|3D)/.test(String(code)) || String(message).startsWith("SASL:")
}

/** The driver's error as a {@link FabraError} with its cause. */
export function toFabraError(doing: string, cause: unknown): FabraError {
  const state = (cause as { code?: unknown } | null)?.code
  const code = codeOf(typeof state === "string" ? state : undefined)
  // Several addresses of one host, all refused, are one error without a message of its own.
  const [first] = cause instanceof AggregateError ? cause.errors : [cause]
  const reason = first instanceof Error ? first.message || first.name : String(first)
  if (isRefused(cause)) return new FabraError(code, `Postgres refuses the login: ${reason}.`, { cause })
  const hint = code === "not_migrated" ? " Run migrate first." : ""
  return new FabraError(code, `Postgres could not ${doing}: ${reason}.${hint}`.replace("..", "."), { cause })
}
