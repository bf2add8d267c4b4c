import { type Feature, type FeatureHandler, runInTransaction } from "@fabra/core"
import { type DeadLetterReason, FabraError, type NewDeadLetter } from "@fabra/events"
import { deadLetterFlag } from "./bookkeeping.js"
import type { Draft } from "./draft.js"
import { HandlerRun, type HandlerStore, type Stamp } from "./handler-context.js"
import type { CheckedEvent, Item } from "./item.js"
import type { Lane } from "./lane.js"

/** So much a publisher's clock may be fast before its events count as being of the future. */
const FUTURE_TOLERANCE_MS = 60_000

/** Most events of one step: handlers that never wait would hold up everything else, leases among it. */
const MAX_STEP = 500

/** What computing needs from outside: stamps and timers come through here, so the rest is pure. */
export interface ComputeEnvironment extends HandlerStore {
  readonly group: string
  /** Names the bus; `null`: there is none, what is computed is a rehearsal. */
  readonly source: string | null
  readonly haltsEntities: boolean
  /** What becomes of events whose time is after the bus accepted them. */
  readonly futureEvents: "accept" | "clamp" | "refuse"
  readonly maxCrashes: number
  now(): number
  /** Rejects with `handler_timeout` when `promise` takes longer than `ms`. */
  withTimeout(promise: Promise<unknown>, ms: number, feature: string): Promise<unknown>
  /** How long to wait before try number `attempts + 1`. */
  retryDelay(attempts: number): number
  /** A try has failed. */
  onFailure(item: Item, feature: string, attempt: number, willRetry: boolean, error: unknown): void
  /** An event is older than one that the feature's value comes from. */
  readonly onLate?: ((event: CheckedEvent, feature: Feature) => void) | undefined
  /** Runs a handler, whatever it does, by calling `run`; telemetry may want to be around it. Default: just that. */
  readonly runHandler?: ((item: Item, feature: string, attempt: number, run: () => unknown) => unknown) | undefined
}

/** Waits that a computation asks for; synchronous handlers never ask. */
export type Computation = Generator<Promise<unknown>, void, unknown>

/**
 * Applies the lane's events, in order, to the draft, until one is blocked by a feature that has to be retried. Sets the
 * lane's `settles` and `retryInMs`. Nothing of it counts until the draft is committed.
 */
export function* computeLane(lane: Lane, draft: Draft, env: ComputeEnvironment): Computation {
  lane.settles = 0
  lane.retryInMs = undefined
  lane.asks = false
  // The queue may grow while an async handler runs; what comes then belongs to the next step.
  const length = Math.min(lane.items.length, MAX_STEP)
  for (let i = 0; i < length; i++) {
    const item = lane.items[i] as Item
    if (!draft.isSettled(item.record.position)) {
      if (item.caution === "ask") {
        lane.asks = true
        return
      }
      let retryInMs = applyEvent(lane, item, draft, env)
      if (isPromise(retryInMs)) retryInMs = (yield retryInMs) as RetryInMs
      if (!lane.run.active) return
      if (retryInMs !== undefined) {
        lane.retryInMs = retryInMs
        return
      }
      // A noted event that did not kill its worker must not be noted by the next one too; an awaited one is looked for.
      draft.settle(item.record.position, item.event.awaited === true || item.caution !== undefined)
    } else if (item.attempts === 0) {
      item.repeated = true
    }
    lane.settles++
  }
}

/** After how many milliseconds to try an event again; `undefined`: it is settled. */
type RetryInMs = number | undefined

/** Answers with a promise only if something has to be waited for: promises and generators cost more than most handlers. */
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
  const checked = item.checked ?? check(item, env)
  const go = (result: CheckedEvent | Error) => {
    item.checked = result
    if (!(result instanceof Error)) return runHandlers(lane, item, result, concerned, draft, env)
    return deadLetter(lane, item, concerned, draft, env, { reason: "invalid_event", error: result, attempts: 0 })
  }
  return isPromise(checked) ? checked.then(go) : go(checked)
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
    if (isPromise(failed)) {
      const goOn = (hasFailed: boolean) => {
        const after = conclude(lane, item, handler, hasFailed, draft, env, retries)
        return runHandlers(lane, item, event, handlers, draft, env, i + 1, after)
      }
      return failed.then(goOn)
    }
    retries = conclude(lane, item, handler, failed, draft, env, retries)
  }
  if (retries === undefined) return undefined
  const { handlers: toRetry, inMs } = retries
  const nowDone = handlers.filter((handler) => !toRetry.includes(handler)).map(({ feature }) => feature.name)
  draft.settlePartly(item.record.position, [...draft.doneBefore(item.record.position), ...nowDone])
  return inMs
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

/** Why an event is not run at all. */
interface Refusal {
  readonly reason: DeadLetterReason
  readonly error: Error
  readonly attempts: number
}

function refuse({ caution, event }: Item, draft: Draft, env: ComputeEnvironment): Refusal | undefined {
  if (caution !== undefined && caution !== "ask" && caution.consumers > env.maxCrashes) {
    const attempts = caution.consumers - 1
    return {
      reason: "worker_crashed",
      error: new Error(`${attempts} workers died while they ran this event.`),
      attempts,
    }
  }
  if (env.haltsEntities && event.replay === undefined && draft.isMarkedDead) {
    const error = new Error("An earlier event of this entity lies in the dead-letter queue; replay all of them.")
    return { reason: "entity_halted", error, attempts: 0 }
  }
  return undefined
}

/** The event as handlers get it, or why it does not match its schema. A promise only if the schema is asynchronous. */
function check({ event: read, record }: Item, { registry, futureEvents }: ComputeEnvironment) {
  // A replay is the event that failed: handlers know it by its own id, as what they did elsewhere may.
  const named = read.replay ? { ...read, eventId: read.replay.of } : read
  const isFuture = read.timestamp.getTime() > record.acceptedAt + FUTURE_TOLERANCE_MS
  if (isFuture && futureEvents === "refuse") {
    const times = `${read.timestamp.toISOString()} when it came, at ${new Date(record.acceptedAt).toISOString()}`
    return new FabraError("invalid_event", `The event was yet to happen: its timestamp was ${times}.`, {
      path: "timestamp",
    })
  }
  const event = isFuture && futureEvents === "clamp" ? { ...named, timestamp: new Date(record.acceptedAt) } : named
  const definition = registry.events.get(event.eventType)
  if (definition?.schema === undefined) return event
  const refused = (error: unknown) => FabraError.from(error, "invalid_event")
  try {
    const payload = definition.parse(event.payload)
    if (isPromise(payload)) return payload.then((later) => ({ ...event, payload: later }), refused)
    return { ...event, payload }
  } catch (error) {
    return refused(error)
  }
}

/**
 * Runs one handler on one event. Returns whether it has failed, by a promise only if the handler is asynchronous; the
 * failure then stands in `item.failures`.
 */
function runHandler(
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
    const call = () => compute(lane.key.entityId, event, run)
    const result =
      env.runHandler === undefined
        ? runInTransaction(run, call)
        : env.runHandler(item, feature.name, run.attempt, () => runInTransaction(run, call))
    if (isPromise(result)) return finishLater(env.withTimeout(result, feature.timeoutMs, feature.name), run, item, env)
    run.succeed(result, item.updated)
    return false
  } catch (error) {
    return fail(error, run, item, env)
  }
}

async function finishLater(result: Promise<unknown>, run: HandlerRun, item: Item, env: ComputeEnvironment) {
  try {
    run.succeed(await result, item.updated)
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

/** Gives up on features of an event: a dead letter, and the flag that lets a replay repair it (rules R1, R5). */
function deadLetter(
  lane: Lane,
  item: Item,
  handlers: readonly FeatureHandler[],
  draft: Draft,
  env: ComputeEnvironment,
  refusal?: Refusal,
): undefined {
  const { event, record } = item
  const names = handlers.map(({ feature }) => feature.name)
  const failure = item.failures?.get(names[0] as string)
  const error = refusal ? refusal.error : failure?.error
  const now = env.now()
  item.dead ??= new Set()
  for (const name of names) item.dead.add(name)
  for (const name of names) draft.addFlag(deadLetterFlag(event.replay?.of ?? event.eventId, name))
  draft.deadLetters.push({
    group: env.group,
    partition: lane.run.partition,
    position: record.position,
    data: record.data,
    eventId: event.eventId,
    eventType: event.eventType,
    entityId: event.entityId,
    entityType: lane.key.entityType,
    features: names,
    reason: refusal?.reason ?? (isTimeout(error) ? "handler_timeout" : "handler_failed"),
    error: describe(error),
    attempts: refusal?.attempts ?? failure?.attempts ?? 0,
    firstFailedAt: failure?.firstFailedAt ?? now,
    lastFailedAt: failure?.lastFailedAt ?? now,
  })
}

/** An error as a dead letter keeps it; handlers may throw anything. */
export function describe(error: unknown): NewDeadLetter["error"] {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) }
  const { name, message, stack } = error
  return { name, message, ...(stack === undefined ? {} : { stack }) }
}

function isTimeout(error: unknown): boolean {
  return error instanceof FabraError && error.code === "handler_timeout"
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function"
}

/**
 * Runs a computation to its end: at once when it asks for no wait, else by a promise. Never rejects but for a fault in
 * the computation itself.
 */
export function drive(computation: Computation): Promise<void> | undefined {
  const first = computation.next()
  return first.done ? undefined : driveOn(computation, first.value)
}

async function driveOn(computation: Computation, first: Promise<unknown>): Promise<void> {
  let waiting: Promise<unknown> | undefined = first
  while (waiting !== undefined) {
    const outcome: { value: unknown; failed: boolean } = await waiting.then(
      (value) => ({ value, failed: false }),
      (value) => ({ value, failed: true }),
    )
    const step: IteratorResult<Promise<unknown>, void> = outcome.failed
      ? computation.throw(outcome.value)
      : computation.next(outcome.value)
    waiting = step.done ? undefined : step.value
  }
}
