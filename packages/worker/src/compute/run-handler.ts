import { type FeatureHandler, runInTransaction } from "@fabra/core"
import type { CheckedEvent, Item } from "../lane/item.js"
import type { Lane } from "../lane/lane.js"
import type { ComputeEnvironment } from "./compute-environment.js"
import type { Draft } from "./draft.js"
import { HandlerRun, type Stamp } from "./handler-context.js"
import { isPromise } from "./is-promise.js"

/**
 * Runs one handler on one event. Returns whether it has failed, by a promise only if the handler is asynchronous; the
 * failure then stands in `item.failures`.
 */
export function runHandler(
  lane: Lane,
  item: Item,
  event: CheckedEvent,
  { feature, when, compute }: FeatureHandler,
  draft: Draft,
  stamp: Stamp,
  env: ComputeEnvironment,
): boolean | Promise<boolean> {
  const attempts = item.failures?.get(feature.name)?.attempts ?? 0
  // Tries are used up: computed again only because the commit met a conflict, which is no further try (rule R9).
  if (attempts > feature.maxRetries) return true
  const run = new HandlerRun(lane.key, feature, draft, env, stamp, attempts + 1)
  try {
    if (when !== undefined && !when(event)) return false
    if (run.isLate) {
      env.onLate?.(event, feature)
      if (feature.onLate === "skip") return false
    }
    item.attempts++
    const result =
      env.runHandler === undefined
        ? runInTransaction(run, compute, lane.key.entityId, event, run)
        : runWatched(env.runHandler, item, event, compute, run)
    if (isPromise(result)) return finishLater(env.withTimeout(result, feature.timeoutMs, feature.name), run, item, env)
    run.succeed(result, item)
    return false
  } catch (error) {
    return fail(error, run, item, env)
  }
}

/** Telemetry is around it. A function of its own, since a closure costs those as well who do not come to it. */
function runWatched(
  runHandler: NonNullable<ComputeEnvironment["runHandler"]>,
  item: Item,
  event: CheckedEvent,
  compute: FeatureHandler["compute"],
  run: HandlerRun,
): unknown {
  const { key, feature, attempt } = run
  return runHandler(item, feature.name, attempt, () => runInTransaction(run, compute, key.entityId, event, run))
}

async function finishLater(result: Promise<unknown>, run: HandlerRun, item: Item, env: ComputeEnvironment) {
  try {
    run.succeed(await result, item)
    return false
  } catch (error) {
    return fail(error, run, item, env)
  }
}

function fail(error: unknown, run: HandlerRun, item: Item, env: ComputeEnvironment): true {
  run.fail(error)
  const { attempt, feature } = run
  const lastFailedAt = env.now()
  const firstFailedAt = item.failures?.get(feature.name)?.firstFailedAt ?? lastFailedAt
  item.failures ??= new Map()
  item.failures.set(feature.name, { attempts: attempt, firstFailedAt, lastFailedAt, error })
  env.onFailure(item, feature.name, attempt, attempt <= feature.maxRetries, error)
  return true
}
