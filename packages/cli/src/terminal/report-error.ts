import { FabraApiError } from "@fabra/client"
import { FabraError } from "@fabra/events"
import { errorTexts, isError } from "@fabra/events/adapter"
import { CommanderError } from "commander"
import { FeaturesFileError } from "../features/features-file.js"
import { userCodeOf } from "../features/user-code.js"

/** What to do about an error of the HTTP API, by its code. */
const HINTS: Readonly<Record<string, string>> = {
  unauthorized: " Give it with FABRA_API_KEY.",
  unreachable:
    " Start `fabra dev` or `fabra serve`, or set FABRA_SERVER_URL or FABRA_REDIS_URL (of search: FABRA_POSTGRES_URL).",
}

/**
 * What is told of an error: one line with the place in the user's code; with `verbose` the stack, and what caused it.
 * Nothing of what commander has told already.
 */
export function describeError(error: unknown, verbose: boolean): string {
  if (error instanceof CommanderError) return ""
  const { message, stack } = errorTexts(error)
  if (verbose && isError(error)) return `error: ${stack ?? message}${causesOf(error)}\n`
  const place = error instanceof FeaturesFileError ? undefined : userCodeOf(stack)
  return `error: ${place === undefined ? "" : `${place}: `}${oneLine(message)}${hintFor(error)}\n`
}

/** The same for programs, on one line: `code`, `message`, and where they are known `path`, `allowed` and `place`. */
export function errorToJson(error: unknown): string {
  const message = oneLine(errorTexts(error).message) + hintFor(error)
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return ""
    return line({ code: "invalid_argument", message: message.replace(/^error: /, "") })
  }
  if (error instanceof FeaturesFileError) return line({ code: "invalid_features_file", message })
  const { code, path, allowed } = error instanceof FabraApiError ? error : FabraError.from(error)
  return line({ code, message, path, allowed, place: userCodeOf(errorTexts(error).stack) })
}

/** The error that a command failed with, where closing what it had opened failed too. */
export function firstError(thrown: unknown): unknown {
  const { name, suppressed } = (thrown ?? {}) as { readonly name?: string; readonly suppressed?: unknown }
  return name === "SuppressedError" ? firstError(suppressed) : thrown
}

function hintFor(error: unknown): string {
  return error instanceof FabraApiError ? (HINTS[error.code] ?? "") : ""
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ")
}

function line(error: object): string {
  return `${JSON.stringify({ error })}\n`
}

function causesOf({ cause }: Error): string {
  if (cause === undefined) return ""
  const { message, stack } = errorTexts(cause)
  return `\ncaused by: ${stack ?? message}${isError(cause) ? causesOf(cause) : ""}`
}
