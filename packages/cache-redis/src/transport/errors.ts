import { FabraError } from "@fabra/events"
import { Closed, reasonOf } from "@fabra/redis-transport"

/** The driver's error, or what a script reported, as a {@link FabraError}: `cache_unavailable` with its cause. */
export function unavailable(doing: string, cause: unknown): FabraError {
  if (cause instanceof FabraError) return cause
  if (cause instanceof Closed) return cacheClosed()
  return new FabraError("cache_unavailable", `Redis could not ${doing}: ${reasonOf(cause)}`, { cause })
}

/** The error of every call of a closed cache. */
export function cacheClosed(): FabraError {
  return new FabraError("cache_unavailable", "The cache is closed.")
}
