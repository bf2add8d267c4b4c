import { type FeatureHandler, runInTransaction } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type { CheckedEvent, Item } from "../lane/lane.js"
import type { ComputeEnvironment } from "./compute-environment.js"
import { HandlerAttempt, type Stamp } from "./handler-attempt.js"
import { isPromise } from "./is-promise.js"
import { ownCopy } from "./own-copy.js"

/** Runs handlers on events, with time-outs and whatever telemetry wants around them. */
export class HandlerRunner {
  readonly #env: ComputeEnvironment

  constructor(env: ComputeEnvironment) {
    this.#env = env
  }

  /**
   * Runs one handler on one event. Returns whether it has failed, by a promise only if the handler is asynchronous; the
   * failure then stands in `item.failures`.
   */
  run(item: Item, published: CheckedEvent, handler: FeatureHandler, stamp: Stamp): boolean | Promise<boolean> {
    const { feature, when, compute } = handler
    const env = this.#env
    const attempt = new HandlerAttempt(item, feature, stamp, env)
    // Tries are used up: computed again only because the commit met a conflict, which is no further try (rule R9).
    if (attempt.attempt > feature.maxRetries + 1) return true
    const event = ownCopy(published)
    try {
      const isWanted = when === undefined || when(event)
      if (isPromise(isWanted)) return this.#fail(promisedBy(feature.name, isWanted), attempt)
      if (!isWanted) return false
      if (attempt.isLate) {
        env.onLate?.(published, feature)
        if (feature.onLate === "skip") return false
      }
      item.attempts = Math.max(item.attempts, attempt.attempt)
      const result =
        env.runHandler === undefined
          ? runInTransaction(attempt, compute, item.lane.key.entityId, event, attempt)
          : this.#runWatched(attempt, event, compute)
      if (isPromise(result)) {
        return this.#finishLater(env.withTimeout(result, feature.timeoutMs, feature.name), attempt)
      }
      attempt.succeed(result)
      if (attempt.isTooLate) env.onLate?.(published, feature)
      return false
    } catch (error) {
      return this.#fail(error, attempt)
    }
  }

  /** Telemetry is around it. A method of its own, since a closure costs those as well who do not come to it. */
  #runWatched(attempt: HandlerAttempt, event: CheckedEvent, compute: FeatureHandler["compute"]): unknown {
    const run = () => runInTransaction(attempt, compute, attempt.key.entityId, event, attempt)
    return this.#env.runHandler?.(attempt, run)
  }

  async #finishLater(result: Promise<unknown>, attempt: HandlerAttempt): Promise<boolean> {
    try {
      attempt.succeed(await result)
      return false
    } catch (error) {
      return this.#fail(error, attempt)
    }
  }

  #fail(error: unknown, attempt: HandlerAttempt): true {
    attempt.fail(error)
    const { item, feature } = attempt
    const attempts = attempt.attempt
    const lastFailedAt = this.#env.now()
    const firstFailedAt = item.failures?.get(feature.name)?.firstFailedAt ?? lastFailedAt
    item.failures ??= new Map()
    item.failures.set(feature.name, { attempts, firstFailedAt, lastFailedAt, error })
    this.#env.onFailure(attempt, error)
    return true
  }
}

/** An async `when` would always run the handler: every promise is truthy. Its rejection is handled, so it ends no process. */
function promisedBy(feature: string, promise: PromiseLike<unknown>): FabraError {
  Promise.resolve(promise).catch(() => {})
  const message = `"when" of "${feature}" returned a promise; it must return true or false. Await in "compute" instead.`
  return new FabraError("invalid_argument", message, { path: "when" })
}
