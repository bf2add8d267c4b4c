import type { FeatureHandler } from "@fabra/core"
import type { CheckedEvent, Item } from "../lane/item.js"
import type { Lane } from "../lane/lane.js"
import { deadLetterFlag } from "../record/bookkeeping.js"
import { checkEvent, refuse } from "./checked-event.js"
import type { ComputeEnvironment } from "./compute-environment.js"
import type { Draft } from "./draft.js"
import { deadLetter } from "./give-up.js"
import { isPromise } from "./is-promise.js"
import { runHandler } from "./run-handler.js"

/** Most events of one step: handlers that never wait would hold up everything else, leases among it. */
const MAX_STEP = 500

/**
 * Applies the lane's events, in order, to the draft, until one is blocked by a feature that has to be retried. Sets the
 * lane's `settles` and `retryInMs`. Nothing of it counts until the draft is committed. Answers with a promise only if
 * something has to be waited for: promises cost more than most handlers. It never rejects but for a fault of our own.
 */
export function computeLane(lane: Lane, draft: Draft, env: ComputeEnvironment): Promise<void> | undefined {
  lane.settles = 0
  lane.retryInMs = undefined
  lane.asks = false
  // The queue may grow while an async handler runs; what comes then belongs to the next step.
  return computeItems(lane, 0, Math.min(lane.items.length, MAX_STEP), draft, env)
}

/** The items from `first` to before `end`. */
function computeItems(
  lane: Lane,
  first: number,
  end: number,
  draft: Draft,
  env: ComputeEnvironment,
): Promise<void> | undefined {
  for (let i = first; i < end; i++) {
    const item = lane.items[i] as Item
    if (!draft.isSettled(item.record.position)) {
      if (item.caution === "ask") {
        lane.asks = true
        return undefined
      }
      const retryInMs = applyEvent(lane, item, draft, env)
      // No closure here, nor in what is called for each event: what it holds would be made each time, come what may.
      if (isPromise(retryInMs)) return computeAfter(retryInMs, lane, i, end, draft, env)
      if (!settles(lane, item, draft, retryInMs)) return undefined
    } else {
      if (item.attempts === 0) item.repeated = true
      lane.settles++
    }
  }
  return undefined
}

/** Goes on once the item at `at` was applied. */
async function computeAfter(
  applied: Promise<RetryInMs>,
  lane: Lane,
  at: number,
  end: number,
  draft: Draft,
  env: ComputeEnvironment,
): Promise<void> {
  const retryInMs = await applied
  if (settles(lane, lane.items[at] as Item, draft, retryInMs)) await computeItems(lane, at + 1, end, draft, env)
}

/** Settles an event that was applied, unless it must be tried again; false when the lane ends here. */
function settles(lane: Lane, item: Item, draft: Draft, retryInMs: RetryInMs): boolean {
  if (!lane.run.active) return false
  if (retryInMs !== undefined) {
    lane.retryInMs = retryInMs
    return false
  }
  // A noted event that did not kill its worker must not be noted by the next one too; an awaited one is looked for.
  draft.settle(item.record.position, item.event.awaited === true || item.caution !== undefined)
  lane.settles++
  return true
}

/** After how many milliseconds to try an event again; `undefined`: it is settled. */
type RetryInMs = number | undefined

/** A promise only if something has to be waited for. */
function applyEvent(lane: Lane, item: Item, draft: Draft, env: ComputeEnvironment): RetryInMs | Promise<RetryInMs> {
  const { replay } = item.event
  const concerned = handlersConcerned(item, draft)
  if (concerned.length === 0) return undefined
  if (replay?.discard) {
    for (const { feature } of concerned) draft.removeFlag(deadLetterFlag(replay.of, feature.name))
    return undefined
  }
  const refusal = refuse(item, draft, env)
  if (refusal !== undefined) return deadLetter(lane, item, concerned, draft, env, refusal)
  const checked = item.checked ?? checkEvent(item, env)
  if (isPromise(checked)) return applyAfter(checked, lane, item, draft, env)
  item.checked = checked
  if (!(checked instanceof Error)) return runHandlers(lane, item, checked, concerned, draft, env)
  return deadLetter(lane, item, concerned, draft, env, { reason: "invalid_event", error: checked, attempts: 0 })
}

/** Applies the event once it is checked. */
async function applyAfter(
  checked: Promise<CheckedEvent | Error>,
  lane: Lane,
  item: Item,
  draft: Draft,
  env: ComputeEnvironment,
): Promise<RetryInMs> {
  item.checked = await checked
  return applyEvent(lane, item, draft, env)
}

/** Features that have failed and are to be tried again, together. */
interface Retries {
  readonly handlers: readonly FeatureHandler[]
  /** Of several features in trouble the one that waits longest sets the time. */
  readonly inMs: number
}

/** Runs the handlers from `first` on, in order. */
function runHandlers(
  lane: Lane,
  item: Item,
  event: CheckedEvent,
  handlers: readonly FeatureHandler[],
  draft: Draft,
  env: ComputeEnvironment,
  first = 0,
  before?: Retries,
): RetryInMs | Promise<RetryInMs> {
  // What a replay writes elsewhere is as old as the event that failed.
  const position = event.replay?.position ?? item.record.position
  const stamp = { source: env.source, position, eventTime: event.timestamp.getTime(), computedAt: env.now() }
  let retries = before
  for (let i = first; i < handlers.length; i++) {
    if (!lane.run.active) return undefined
    const handler = handlers[i] as FeatureHandler
    const failed = runHandler(lane, item, event, handler, draft, stamp, env)
    if (isPromise(failed)) return runHandlersAfter(failed, lane, item, event, handlers, draft, env, i, retries)
    retries = conclude(lane, item, handler, failed, draft, env, retries)
  }
  if (retries === undefined) return undefined
  const { handlers: toRetry, inMs } = retries
  const nowDone = handlers.filter((handler) => !toRetry.includes(handler)).map(({ feature }) => feature.name)
  draft.settlePartly(item.record.position, [...draft.doneBefore(item.record.position), ...nowDone])
  return inMs
}

/** Goes on once the handler at `at` has run. */
async function runHandlersAfter(
  failed: Promise<boolean>,
  lane: Lane,
  item: Item,
  event: CheckedEvent,
  handlers: readonly FeatureHandler[],
  draft: Draft,
  env: ComputeEnvironment,
  at: number,
  before: Retries | undefined,
): Promise<RetryInMs> {
  const retries = conclude(lane, item, handlers[at] as FeatureHandler, await failed, draft, env, before)
  return runHandlers(lane, item, event, handlers, draft, env, at + 1, retries)
}

/** A handler has run: what is to be tried again now. */
function conclude(
  lane: Lane,
  item: Item,
  handler: FeatureHandler,
  failed: boolean,
  draft: Draft,
  env: ComputeEnvironment,
  retries: Retries | undefined,
): Retries | undefined {
  const { name, maxRetries } = handler.feature
  if (!failed) {
    const { replay } = item.event
    if (replay !== undefined) draft.removeFlag(deadLetterFlag(replay.of, name))
    return retries
  }
  const attempts = item.failures?.get(name)?.attempts ?? 0
  if (attempts > maxRetries) {
    deadLetter(lane, item, [handler], draft, env)
    return retries
  }
  return {
    handlers: [...(retries?.handlers ?? []), handler],
    inMs: Math.max(retries?.inMs ?? 0, env.retryDelay(attempts)),
  }
}

/** The handlers that have not applied the event yet. */
function handlersConcerned({ event: { replay }, record, handlers }: Item, draft: Draft): readonly FeatureHandler[] {
  const done = draft.doneBefore(record.position)
  if (replay === undefined && done.length === 0) return handlers
  return handlers.filter(({ feature: { name } }) => {
    if (done.includes(name)) return false
    // A replay repairs a failure that is still marked as one; anything else has been repaired already (rule R1).
    return replay === undefined || draft.hasFlag(deadLetterFlag(replay.of, name))
  })
}
