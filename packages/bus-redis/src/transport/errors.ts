import { BusFullError, FabraError } from "@fabra/events"
import { Closed, isReply, reasonOf, refusalOf } from "@fabra/redis-transport"

/** Any failure of an operation, as users of the bus see it. */
export function toBusError(error: unknown): FabraError {
  if (error instanceof FabraError) return error
  if (error instanceof Closed) return busClosed()
  // A plain ERR or WRONGTYPE is a key that something else has written or a fault of ours: waiting does not mend it.
  const isFault = ["ERR", "WRONGTYPE"].includes(refusalOf(error))
  return new FabraError(isFault ? "internal" : "bus_unavailable", `Redis: ${reasonOf(error)}`, { cause: error })
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
    `Redis may have accepted the event or not (${reasonOf(error)}); publish it again under the same id.`,
    { cause: error },
  )
}

/** The error of everything that is asked of a closed bus. */
export function busClosed(): FabraError {
  return new FabraError("bus_closed", "The bus is closed.")
}
