/**
 * What is known of a command that failed: Redis `refused` it, so it has not run; it was `not_sent`; or `unknown`: it may
 * have run.
 */
export type Outcome = "refused" | "not_sent" | "unknown"

/** The command was not sent: there was no connection. */
export class NotConnected extends Error {
  override readonly name: string = "NotConnected"
}

/** The command was not sent: we have closed the connection. Trying again does not help. */
export class Closed extends NotConnected {
  override readonly name = "Closed"

  constructor() {
    super("the connection is closed")
  }
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
  const { name, message } = error as Error
  // Not `instanceof`: the client may come from another installed copy of ioredis.
  if (name === "ReplyError") return "refused"
  return message.startsWith("Stream isn't writeable") ? "not_sent" : "unknown"
}

/** A refusal by Redis that came within an answer. */
export function refusal(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" })
}

/** True when Redis refused for a reason that passes: trying again in a moment may succeed. */
export function isPassing(error: unknown): boolean {
  return PASSING.test(refusalOf(error))
}

/** True when Redis refused with this word, such as `NOSCRIPT`. */
export function isReply(error: unknown, word: string): boolean {
  return refusalOf(error) === word
}

/** The word with which Redis refused; empty when it did not. */
export function refusalOf(error: unknown): string {
  if (outcomeOf(error) !== "refused") return ""
  const { message } = error as Error
  return message.slice(0, message.indexOf(" "))
}

/** Why a command failed, for people. The driver would speak of settings that are ours, not theirs. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { name, message } = error
  if (refusalOf(error) === "MOVED")
    return `${message}: to use a Redis Cluster, name several nodes or give a Cluster client`
  if (outcomeOf(error) === "refused") return message
  if (name === "MaxRetriesPerRequestError" || message === "Connection is closed.") return "the connection was lost"
  return message.startsWith("Stream isn't writeable") ? "there is no connection" : message || name
}
