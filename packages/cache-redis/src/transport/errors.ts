import { FabraError } from "@fabra/events"

/** What the driver's error tells of the command it belongs to. */
export type Fate =
  /** Not run, and the same may work in a moment. */
  | "refused"
  /** Not run: another node of the cluster serves the key now. */
  | "moved"
  /** Not run: the key is on its way to another node, which is to be asked this once. */
  | "ask"
  /** Not run: the server does not know the script. */
  | "noscript"
  /** Nobody can tell whether it was run: the connection broke, or the time was up. */
  | "lost"
  /** It failed, and would fail again. */
  | "failed"

const FATES: Readonly<Record<string, Fate>> = {
  MOVED: "moved",
  ASK: "ask",
  NOSCRIPT: "noscript",
  LOADING: "refused",
  BUSY: "refused",
  TRYAGAIN: "refused",
  CLUSTERDOWN: "refused",
  MASTERDOWN: "refused",
  READONLY: "refused",
}

/** Reads a driver's error. */
export function fateOf(error: Error): Fate {
  if (error.name === "ReplyError") {
    // Before Redis 7 a script's error hides the code: "ERR Error running script (…): -READONLY You can't write …".
    if (isReadOnly(error)) return "refused"
    return FATES[error.message.slice(0, error.message.indexOf(" "))] ?? "failed"
  }
  return error.message.startsWith("Stream isn't writeable") ? "refused" : "lost"
}

/** True when the server has become a replica: it takes no writes, and another one may. */
export function isReadOnly(error: Error): boolean {
  return error.name === "ReplyError" && /(^|[ -])READONLY /.test(error.message)
}

/** The driver's error, or what a script reported, as a {@link FabraError}: `cache_unavailable` with its cause. */
export function unavailable(doing: string, cause: unknown): FabraError {
  if (cause instanceof FabraError) return cause
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new FabraError("cache_unavailable", `Redis could not ${doing}: ${reason}`, { cause })
}
