import { FabraError } from "@fabra/events"
import { CommanderError } from "commander"
import { FeaturesFileError } from "./features-file.js"
import { userCodeOf } from "./user-code.js"

/**
 * What is told of an error: one line with the place in the user's code; with `verbose` the stack, and what caused it.
 * Nothing of what commander has told already.
 */
export function describeError(error: unknown, verbose: boolean): string {
  if (error instanceof CommanderError) return ""
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  if (verbose && error instanceof Error) return `error: ${stack}${causesOf(error)}\n`
  const place = error instanceof FeaturesFileError ? undefined : userCodeOf(stack)
  return `error: ${place === undefined ? "" : `${place}: `}${message.replaceAll(/\s*\n\s*/g, " ")}\n`
}

/** The same for programs, on one line: `code`, `message`, and where they are known `path`, `allowed` and `place`. */
export function errorToJson(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ")
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return ""
    return line({ code: "invalid_argument", message: message.replace(/^error: /, "") })
  }
  if (error instanceof FeaturesFileError) return line({ code: "invalid_features_file", message })
  const { code, path, allowed } = FabraError.from(error)
  return line({ code, message, path, allowed, place: error instanceof Error ? userCodeOf(error.stack) : undefined })
}

function line(error: object): string {
  return `${JSON.stringify({ error })}\n`
}

function causesOf({ cause }: Error): string {
  if (cause === undefined) return ""
  return cause instanceof Error ? `\ncaused by: ${cause.stack}${causesOf(cause)}` : `\ncaused by: ${String(cause)}`
}
