import { type Clock, FabraError } from "@fabra/events"
import { withDeadline } from "@fabra/events/adapter"

/** Settles as `promise` does, or rejects with `handler_timeout` after `ms` milliseconds, whichever comes first. */
export function withTimeout(clock: Clock, promise: Promise<unknown>, ms: number, feature: string): Promise<unknown> {
  const late = () => new FabraError("handler_timeout", `The handler of "${feature}" took longer than ${ms} ms.`)
  return withDeadline(clock, promise, ms, late)
}
