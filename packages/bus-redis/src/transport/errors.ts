import { BusFullError, FabraError } from "@fabra/events"

/**
 * What is known of a command that failed: `refused` by Redis and so not done, `not_sent` at all, or `unknown`: it may
 * have been done.
 */
export type Outcome = "refused" | "not_sent" | "unknown"

/** The command was not sent, for want of a connection. */
export class NotConnected extends Error {
  override readonly name = "NotConnected"
}

/** Redis did not answer in time. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer"
}

/** Refusals that pass by themselves: the server is starting, fails over, or hands a slot to another one. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|UNBLOCKED)$/

/** What is known of the command that failed with `error`. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof NotConnected) return "not_sent"
  if (error instanceof FabraError) return error.code === "publish_unknown" ? "unknown" : "not_sent"
  const { name, message } = error as Error
  // Not `instanceof`: the client may come from another installed copy of ioredis.
  if (name === "ReplyError") return "refused"
  return message.startsWith("Stream isn't writeable") ? "not_sent" : "unknown"
}

/** A refusal by Redis that came within an answer. */
export function refusal(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" })
}

/** True when trying again in a moment may well succeed, because Redis refused for a reason that passes. */
export function isPassing(error: unknown): boolean {
  return PASSING.test(refusalOf(error))
}

/** True when Redis refused with this word, as `NOSCRIPT`. */
export function isReply(error: unknown, word: string): boolean {
  return refusalOf(error) === word
}

/** The word with which Redis refused; empty when it did not. */
function refusalOf(error: unknown): string {
  if (outcomeOf(error) !== "refused") return ""
  const { message } = error as Error
  // Before Redis 7 a script hides why its command was refused: "ERR Error running script (…): …: -READONLY You can't …".
  const [, inScript] = /^ERR Error running script .*: -([A-Z]+) /.exec(message) ?? []
  return inScript ?? message.slice(0, message.indexOf(" "))
}

/** Any failure of an operation, as users of the bus see it. */
export function toBusError(error: unknown): FabraError {
  if (error instanceof FabraError) return error
  const message = describe(error)
  // A plain ERR or WRONGTYPE is a key that something else has written or a fault of ours: waiting does not mend it.
  const isFault = ["ERR", "WRONGTYPE"].includes(refusalOf(error))
  return new FabraError(isFault ? "internal" : "bus_unavailable", `Redis: ${message}`, { cause: error })
}

/**
 * The failure of a publish; a new one at each call, since publishes that failed together are told each for itself.
 * @param mayBeDone an earlier try may have succeeded without our hearing of it
 */
export function toPublishError(error: unknown, mayBeDone: boolean): FabraError {
  if (!mayBeDone || (error instanceof FabraError && error.code === "publish_unknown")) {
    if (isReply(error, "OOM")) return new BusFullError("Redis is out of memory; publish again later.", { cause: error })
    return error instanceof FabraError ? new FabraError(error.code, error.message, { cause: error }) : toBusError(error)
  }
  return new FabraError(
    "publish_unknown",
    `Redis may have taken the event or not (${describe(error)}); publish it again under the same id.`,
    { cause: error },
  )
}

/** The driver speaks of settings that are ours, not the user's. */
function describe(error: unknown): string {
  const { name, message } = error as Error
  if (outcomeOf(error) === "refused") return message
  if (name === "MaxRetriesPerRequestError" || message === "Connection is closed.") return "the connection was lost"
  return message.startsWith("Stream isn't writeable") ? "there is no connection" : message
}

/** The error of everything that is asked of a closed bus. */
export function busClosed(): FabraError {
  return new FabraError("bus_closed", "The bus is closed.")
}
