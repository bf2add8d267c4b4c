import type { FabraError } from "@fabra/events"

/** Settles as `promise` does, or rejects with what `late` makes after `ms` milliseconds, whichever comes first. */
export function withDeadline<Result>(promise: Promise<Result>, ms: number, late: () => FabraError): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
