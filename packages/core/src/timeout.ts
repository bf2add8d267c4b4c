import { type Clock, FabraError } from "@fabra/events"

/** Settles as `promise` does, or rejects with `handler_timeout` after `ms` milliseconds, whichever comes first. */
export function withTimeout(clock: Clock, promise: Promise<unknown>, ms: number, feature: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(
      () => reject(new FabraError("handler_timeout", `The handler of "${feature}" took longer than ${ms} ms.`)),
      ms,
    )
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}
