import type { FeatureHandler } from "@fabra/core/adapter"
import { FabraError, type ReplayOrigin } from "@fabra/events"
import { hashEntityId } from "@fabra/events/adapter"
import { type CheckedEvent, draftOf, type Item, type Lane } from "../lane/lane.js"
import { deadLetterFlag, forwardedFlag } from "../record/bookkeeping.js"
import { checkEvent, type Refusal, refuse } from "./checked-event.js"
import type { ComputeEnvironment } from "./compute-environment.js"
import { toDeadLetter } from "./give-up.js"
import { HandlerRunner } from "./handler-runner.js"
import { isPromise } from "./is-promise.js"

const NONE: readonly string[] = []
/** Most events of one step: handlers that never wait would hold up everything else, leases among it. */
const MAX_STEP = 500

/**
 * Applies events to drafts. A method answers with a promise only if something has to be waited for: promises cost more than
 * most handlers. No method that is called for each event contains a closure: whatever a closure refers to is allocated with
 * each call, whether or not the call comes to it.
 */
export class Compute {
  readonly #env: ComputeEnvironment
  readonly #runner: HandlerRunner

  constructor(env: ComputeEnvironment) {
    this.#env = env
    this.#runner = new HandlerRunner(env)
  }

  /**
   * Applies the lane's events, in order, to its draft, until one is blocked by a feature that has to be retried. Sets the
   * lane's `settles`, `retry` and `asks`. Nothing of it counts until the draft is committed. Rejects only for a fault of
   * our own.
   */
  step(lane: Lane): Promise<void> | undefined {
    lane.settles = 0
    lane.retry = undefined
    lane.asks = false
    // The queue may grow while an async handler runs; what comes then belongs to the next step. A short step is more likely
    // to be done before another worker changes the record again.
    return this.#applyAll(lane, 0, Math.min(lane.items.length, Math.ceil(MAX_STEP / 2 ** lane.conflicts)))
  }

  /** Applies the items from `first` to before `end`. */
  #applyAll(lane: Lane, first: number, end: number): Promise<void> | undefined {
    for (let i = first; i < end; i++) {
      const item = lane.items[i] as Item
      if (!draftOf(item).isSettled(item.record.position)) {
        if (typeof item.quarantine === "string") {
          lane.asks = true
          return undefined
        }
        const applied = this.#apply(item)
        if (applied !== undefined) return this.#applyAllAfter(applied, lane, i, end)
        if (!this.#settle(item)) return undefined
      } else {
        if (item.attempts === 0) item.repeated = true
        lane.settles++
      }
    }
    return undefined
  }

  /** Goes on once the item at `at` was applied. */
  async #applyAllAfter(applied: Promise<void>, lane: Lane, at: number, end: number): Promise<void> {
    await applied
    if (this.#settle(lane.items[at] as Item)) await this.#applyAll(lane, at + 1, end)
  }

  /** Settles an event that was applied, unless it must be tried again; false when the lane ends here. */
  #settle(item: Item): boolean {
    const { lane, event, record, quarantine } = item
    if (!lane.session.active || lane.retry !== undefined) return false
    // A noted event that did not kill its worker must not be noted by the next one too; an awaited one is looked for.
    draftOf(item).settle(record.position, event.awaited === true || quarantine !== undefined)
    lane.settles++
    return true
  }

  #apply(item: Item): Promise<void> | undefined {
    const draft = draftOf(item)
    const { replay } = item.event
    item.concerned = handlersConcerned(item)
    if (replay !== undefined) {
      const gone = featuresGone(item)
      if (replay.discard) {
        for (const name of [...concernedNames(item), ...gone]) draft.removeFlag(deadLetterFlag(replay.of, name))
        return undefined
      }
      if (item.route.forwards !== undefined) forward(item, replay, item.route.forwards)
      if (gone.length > 0)
        this.#giveUp(item, gone, { reason: "handler_failed", error: notDefined(item, gone), attempts: 0 })
    }
    if (item.route.failed !== undefined) this.#giveUpKeys(item, item.route.failed)
    if (item.concerned.length === 0) return undefined
    const refusal = refuse(item, draft, this.#env)
    if (refusal !== undefined) return this.#giveUp(item, concernedNames(item), refusal)
    const checked = item.checked ?? checkEvent(item, this.#env)
    if (isPromise(checked)) return this.#applyAfter(checked, item)
    item.checked = checked
    if (!(checked instanceof Error)) return this.#runHandlers(item, checked, 0)
    return this.#giveUp(item, concernedNames(item), { reason: "invalid_event", error: checked, attempts: 0 })
  }

  /** Applies the event once it is checked. */
  async #applyAfter(checked: Promise<CheckedEvent | Error>, item: Item): Promise<void> {
    item.checked = await checked
    await this.#apply(item)
  }

  /** Runs the concerned handlers from `first` on, in order. */
  #runHandlers(item: Item, event: CheckedEvent, first: number): Promise<void> | undefined {
    const { lane, record, concerned } = item
    // What a replay writes elsewhere is as old as the event that failed.
    const position = event.replay?.position ?? record.position
    const stamp = {
      source: this.#env.source,
      position,
      eventTime: event.timestamp.getTime(),
      computedAt: this.#env.now(),
    }
    for (let i = first; i < concerned.length; i++) {
      if (!lane.session.active) return undefined
      const handler = concerned[i] as FeatureHandler
      const failed = this.#runner.run(item, event, handler, stamp)
      if (isPromise(failed)) return this.#runHandlersAfter(failed, item, event, i)
      this.#conclude(item, handler, failed)
    }
    if (lane.retry !== undefined) settlePartly(item, lane.retry.features)
    return undefined
  }

  /** Goes on once the concerned handler at `at` has run. */
  async #runHandlersAfter(failed: Promise<boolean>, item: Item, event: CheckedEvent, at: number): Promise<void> {
    this.#conclude(item, item.concerned[at] as FeatureHandler, await failed)
    await this.#runHandlers(item, event, at + 1)
  }

  /** A handler has run: decides whether to try it again. */
  #conclude(item: Item, handler: FeatureHandler, failed: boolean): void {
    const { lane, event, failures } = item
    const { name, maxRetries } = handler.feature
    if (!failed) {
      if (event.replay !== undefined) draftOf(item).removeFlag(deadLetterFlag(event.replay.of, name))
      noteForwarded(item, name)
      return
    }
    const attempts = failures?.get(name)?.attempts ?? 0
    if (attempts > maxRetries) this.#giveUp(item, [name])
    else {
      const { features = [], inMs = 0 } = lane.retry ?? {}
      // Of several features in trouble the one that waits longest sets the time.
      lane.retry = { features: [...features, name], inMs: Math.max(inMs, this.#env.retryDelay(attempts)) }
    }
  }

  /** Nobody knows for which entity these features are: trying again would change nothing. */
  #giveUpKeys(item: Item, failed: ReadonlyMap<FeatureHandler, FabraError>): void {
    const without = item.concerned.filter((handler) => failed.has(handler))
    item.concerned = item.concerned.filter((handler) => !failed.has(handler))
    for (const handler of without) {
      const error = failed.get(handler) as FabraError
      this.#giveUp(item, [handler.feature.name], { reason: "handler_failed", error, attempts: 0 })
    }
  }

  /** Gives up on features of an event: a dead letter, and the flag that lets a replay repair it (rules R1, R5). */
  #giveUp(item: Item, names: readonly string[], refusal?: Refusal): undefined {
    const draft = draftOf(item)
    const { event } = item
    item.dead ??= new Set()
    for (const name of names) item.dead.add(name)
    for (const name of names) {
      draft.addFlag(deadLetterFlag(event.replay?.of ?? event.eventId, name))
      noteForwarded(item, name)
    }
    draft.deadLetters.push(toDeadLetter(item, names, this.#env, refusal))
  }
}

/** The handlers that have not applied the event yet. */
function handlersConcerned(item: Item): readonly FeatureHandler[] {
  const done = draftOf(item).doneBefore(item.record.position)
  return item.event.replay === undefined && done.length === 0 ? item.route.handlers : handlersLeft(item, done)
}

function handlersLeft(item: Item, done: readonly string[]): readonly FeatureHandler[] {
  const draft = draftOf(item)
  const { replay } = item.event
  return item.route.handlers.filter(({ feature: { name } }) => {
    if (done.includes(name)) return false
    if (replay !== undefined && item.route.isForwarded) return !draft.hasFlag(forwardedFlag(replay.of, name))
    // A replay repairs a failure that is still marked as one; anything else has been repaired already (rule R1).
    return replay === undefined || draft.hasFlag(deadLetterFlag(replay.of, name))
  })
}

function concernedNames({ concerned }: Item): readonly string[] {
  return concerned.map(({ feature }) => feature.name)
}

/** Features that a replay is aimed at, whose failure the record still has, and which the event no longer triggers. */
function featuresGone(item: Item): readonly string[] {
  const { replay } = item.event
  if (replay?.entityType !== item.lane.key.entityType) return NONE
  const isTriggered = (name: string) => item.route.handlers.some(({ feature }) => feature.name === name)
  const isFailed = (name: string) => draftOf(item).hasFlag(deadLetterFlag(replay.of, name))
  return replay.features.filter((name) => !isTriggered(name) && isFailed(name))
}

/**
 * What failed because of its `key` is published again, aimed at the entities that the key names now. That is durable before the commit
 * that forgets the failure here, and may happen twice: those entities' records say that it was applied.
 */
function forward(item: Item, replay: ReplayOrigin, forwards: ReadonlyMap<FeatureHandler, readonly string[]>): void {
  const draft = draftOf(item)
  const { event, record, lane } = item
  const { entityType, entityId: own } = lane.key
  for (const handler of item.concerned.filter((one) => forwards.has(one))) {
    const ids = forwards.get(handler) as readonly string[]
    const { name } = handler.feature
    for (const entityId of ids.filter((id) => id !== own)) {
      const aimed = { ...replay, features: [name], entityType, entityId, forwarded: true }
      const eventId = `forward_${lane.session.partition}_${record.position}_${hashEntityId(`${name}/${entityId}`).toString(36)}`
      draft.forwards.push({ ...event, eventId, replay: aimed })
    }
    if (ids.includes(own)) continue
    draft.removeFlag(deadLetterFlag(replay.of, name))
    item.concerned = item.concerned.filter((one) => one !== handler)
  }
}

/** The record of another entity has the failure that this repairs: so that it does so once, this record says that it is done. */
function noteForwarded({ event, route, lane }: Item, name: string): void {
  if (route.isForwarded && event.replay !== undefined) lane.draft?.addFlag(forwardedFlag(event.replay.of, name))
}

function notDefined({ event, lane }: Item, names: readonly string[]): FabraError {
  const those = names.map((name) => `"${name}"`).join(", ")
  return new FabraError(
    "unknown_feature",
    `${lane.key.entityType} has no feature ${those} that "${event.eventType}" triggers. If it was renamed or removed, ` +
      "discard this dead letter; else run the code that defines it and replay again.",
  )
}

/** Notes which of the event's features are done, since others have to be retried. */
function settlePartly(item: Item, toRetry: readonly string[]): void {
  const draft = draftOf(item)
  const { position } = item.record
  const nowDone = concernedNames(item).filter((name) => !toRetry.includes(name))
  draft.settlePartly(position, [...draft.doneBefore(position), ...nowDone])
}
