import type { Logger } from "@fabra/core"
import { currentTransaction } from "@fabra/core/adapter"
import { errorTexts } from "@fabra/events/adapter"
import { userCodeOf } from "../features/user-code.js"
import { exitCodes } from "./exit-codes.js"
import { say } from "./output.js"
import { describeError } from "./report-error.js"

/** One handler is told once in so many milliseconds: it may leave something behind with every event. */
const QUIET_MS = 10_000

/** Whom uncaught errors are told. */
export interface UncaughtObservers {
  readonly logger: Pick<Logger, "error">
  readonly metrics: { errorUncaught(feature: string | undefined): void }
}

/**
 * Keeps the process alive when a handler has left a promise or a timer behind that fails after the handler was answered:
 * what the event led to is settled by then, and other entities must not pay for it. So is a promise that anybody else forgot.
 * Any other error that nobody caught leaves the process in a state that nobody knows: it ends, with a line and exit code 1.
 * @returns what takes it back
 */
export function surviveDangling({ logger, metrics }: UncaughtObservers): () => void {
  const toldAt = new Map<string | undefined, { at: number; since: number }>()

  const tell = (error: unknown, what: string) => {
    // Node runs both listeners in the context that the promise or the timer was made in.
    const transaction = currentTransaction()
    const feature = transaction?.feature.name
    metrics.errorUncaught(feature)
    const told = toldAt.get(feature)
    const now = performance.now()
    if (told !== undefined && now - told.at < QUIET_MS) {
      told.since++
      return
    }
    toldAt.set(feature, { at: now, since: 0 })
    const place = userCodeOf(errorTexts(error).stack)
    const { entityType: entity, entityId: entity_id } = transaction?.key ?? {}
    const fields = { feature, entity, entity_id, place, error, repeated: told?.since || undefined }
    const who = feature === undefined ? "Code outside of handlers" : `The handler of "${feature}"`
    const where = place === undefined ? "" : ` (${place})`
    logger.error(fields, `${who} left ${what} behind that failed${where}; await it, or catch its errors.`)
  }
  const onRejection = (reason: unknown) => tell(reason, "a promise")
  const onException = (error: unknown) => {
    if (currentTransaction() !== undefined) return tell(error, "a timer or callback")
    say(`${describeError(error, false).trimEnd()} (Nobody caught it, and no handler left it behind: fabra ends.)`)
    process.exit(exitCodes.failed.code)
  }
  process.on("unhandledRejection", onRejection)
  process.on("uncaughtException", onException)
  const restore = keepContextOfMicrotasks(onException)
  return () => {
    restore()
    process.off("unhandledRejection", onRejection)
    process.off("uncaughtException", onException)
  }
}

/**
 * What a microtask of a handler throws Node tells in no context at all, so it is caught before, where the context still is. Those
 * that are made outside of handlers are left as they are.
 */
function keepContextOfMicrotasks(onException: (error: unknown) => void): () => void {
  const original = globalThis.queueMicrotask
  globalThis.queueMicrotask = (callback) => {
    if (currentTransaction() === undefined || typeof callback !== "function") return original(callback)
    original(() => {
      try {
        callback()
      } catch (error) {
        onException(error)
      }
    })
  }
  return () => {
    globalThis.queueMicrotask = original
  }
}
