import { setTimeout as delay } from "node:timers/promises"
import type { FeatureStore } from "@fabra/core"
import { type EntityRecord, type EventTarget, StoredRow } from "@fabra/core/adapter"
import { type AxiomEvent, FabraError, type PublishReceipt, systemClock } from "@fabra/events"
import { withDeadline } from "@fabra/events/adapter"
import { isDeadLettered, isSettled } from "@fabra/worker"
import { type Static, Type } from "@sinclair/typebox"
import { Problem } from "../answer/problem.js"
import { toServed } from "../answer/wire-values.js"
import type { ServerContext } from "../context.js"
import { FeatureValues, named, strict } from "../schema/schemas.js"

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100
/** Longest time that one look at the cache may take. */
const LOOK_MS = 1000
/** Most waiters of one look. */
const MAX_LOOKED_AT = 500
/** Most that wait at once. */
const MAX_WAITING = 1000

/** What is known of an event after waiting for it. */
export const Waited = Type.Object(
  {
    event_id: Type.String(),
    duplicate: Type.Boolean(),
    applied: Type.Boolean({ description: "True when every feature it triggers is applied. Else nobody knows yet." }),
    dead_lettered: Type.Array(Type.String({ description: "Features that failed on it for good." })),
    features: FeatureValues,
    targets: Type.Optional(
      Type.Array(Type.Object({ entity: Type.String(), entity_id: Type.String(), features: FeatureValues }, strict), {
        description:
          "All entities that the event changes, where the key of a feature names others than the event does.",
      }),
    ),
  },
  named("Waited"),
)

/** What came of waiting for an event. */
export interface WaitResult {
  /** Every feature is applied or dead-lettered. */
  readonly settled: boolean
  readonly body: Omit<Static<typeof Waited>, "event_id" | "duplicate">
}

interface Waiter {
  readonly event: AxiomEvent
  /** The entities that it changes. */
  readonly targets: readonly EventTarget[]
  readonly receipt: Pick<PublishReceipt, "partition" | "position">
  readonly end: (result: WaitResult) => void
  pauseMs: number
  /** When to look next, by `performance.now()`. */
  lookAt: number
}

/** How long a client waits at most. */
interface Patience {
  readonly timeoutMs: number
  /** Fires when the client is gone. */
  readonly gone: AbortSignal
}

const NOT_SETTLED: WaitResult = { settled: false, body: { applied: false, dead_lettered: [], features: {} } }

/** Waits for events to be applied: looks at the records of all that are waited for, again and again, in one call each time. */
export class AppliedWatch {
  readonly #context: ServerContext
  readonly #waiting = new Set<Waiter>()
  #places = MAX_WAITING
  #isLooking = false

  constructor(context: ServerContext) {
    this.#context = context
    context.closing.addEventListener("abort", () => {
      for (const { end } of this.#waiting) end(NOT_SETTLED)
    })
  }

  /**
   * Publishes the event, and waits until the entity's records say that it is settled, the time is up, or nobody waits any
   * more: the event is in the bus, whatever becomes of the wait.
   * @throws Problem `rate_limited` when too many wait already, and nothing was published; what `publish` throws
   */
  async publishAndWait(
    publish: () => Promise<PublishReceipt>,
    event: AxiomEvent,
    patience: Patience,
  ): Promise<{ readonly receipt: PublishReceipt; readonly waited: WaitResult }> {
    if (this.#places === 0) {
      const message = `${MAX_WAITING} requests wait for their events already. Try again, or leave out wait.`
      throw new Problem("rate_limited", message, { headers: { "retry-after": "1" } })
    }
    this.#places--
    try {
      const receipt = await publish()
      return { receipt, waited: await this.#wait(event, receipt, patience) }
    } finally {
      this.#places++
    }
  }

  #wait(event: AxiomEvent, receipt: PublishReceipt, { timeoutMs, gone }: Patience): Promise<WaitResult> {
    const { store, closing } = this.#context
    const targets = waitTargets(store, event)
    if (targets.length === 0) {
      return Promise.resolve({ settled: true, body: { applied: true, dead_lettered: [], features: {} } })
    }
    if (closing.aborted || gone.aborted) return Promise.resolve(NOT_SETTLED)
    return new Promise((resolve) => {
      const end = (result: WaitResult) => {
        clearTimeout(timer)
        this.#waiting.delete(waiter)
        resolve(result)
      }
      const timer = setTimeout(() => end(NOT_SETTLED), timeoutMs)
      gone.addEventListener("abort", () => end(NOT_SETTLED), { once: true })
      const waiter: Waiter = { event, targets, receipt, end, pauseMs: FIRST_PAUSE_MS, lookAt: 0 }
      this.#waiting.add(waiter)
      if (!this.#isLooking) this.#lookWhileAnybodyWaits()
    })
  }

  async #lookWhileAnybodyWaits(): Promise<void> {
    this.#isLooking = true
    while (this.#waiting.size > 0) {
      const now = performance.now()
      const due = [...this.#waiting].filter(({ lookAt }) => lookAt <= now).slice(0, MAX_LOOKED_AT)
      if (due.length > 0) await this.#look(due)
      await delay(FIRST_PAUSE_MS)
    }
    this.#isLooking = false
  }

  async #look(waiters: readonly Waiter[]): Promise<void> {
    const { store, settings } = this.#context
    const late = () => new FabraError("timeout", "The cache did not answer in time.")
    const keys = waiters.flatMap(({ targets }) => targets.map(({ key }) => key))
    const load = () => store.cache.load(keys, settings.group)
    const records = await withDeadline(systemClock, load(), LOOK_MS, late).catch(() => undefined)
    // Many that wait long look less often, so that all together ask for no more than some thousand records a second.
    const longestMs = Math.max(LONGEST_PAUSE_MS, this.#waiting.size)
    let next = 0
    for (const waiter of waiters) {
      const own = records?.slice(next, next + waiter.targets.length)
      next += waiter.targets.length
      const { partition, position } = waiter.receipt
      if (own?.every((record) => isSettled(record, partition, position))) {
        waiter.end(settled(waiter, own, store))
      } else {
        waiter.pauseMs = Math.min(2 * waiter.pauseMs, longestMs)
        waiter.lookAt = performance.now() + waiter.pauseMs
      }
    }
  }
}

/** The entities whose records say when the event is settled; those of a `key` that failed are under the event's own id. */
function waitTargets({ registry }: FeatureStore, event: AxiomEvent): readonly EventTarget[] {
  const { targets, failed } = registry.targetsOf(event)
  const known = new Set(targets.map(({ key }) => `${key.entityType}/${key.entityId}`))
  const types = new Set([...failed.keys()].map(({ feature }) => feature.entity.name))
  const others = [...types].filter((entityType) => !known.has(`${entityType}/${event.entityId}`))
  return [...targets, ...others.map((entityType) => ({ key: { entityType, entityId: event.entityId }, handlers: [] }))]
}

/** The values of the very records that say that the event is settled: never older ones. */
function settled({ event, targets }: Waiter, records: readonly EntityRecord[], store: FeatureStore): WaitResult {
  const { registry, clock } = store
  const now = clock.now()
  const handlers = registry.handlersFor(event.eventType)
  const dead = new Set<string>()
  const served = targets.map(({ key, handlers: own }, i) => {
    const record = records[i] as EntityRecord
    for (const { feature } of handlers) {
      if (feature.entity.name === key.entityType && isDeadLettered(record, event.eventId, feature.name))
        dead.add(feature.name)
    }
    const row = new StoredRow((name) => record.values.get(name), now)
    const features = registry.featuresOfHandlers(own).map((feature) => [feature.name, row.serve(feature)])
    return { entity: key.entityType, entity_id: key.entityId, features: toServed(Object.fromEntries(features)) }
  })
  const own = served.filter(({ entity_id }) => entity_id === event.entityId).map(({ features }) => features)
  return {
    settled: true,
    body: {
      applied: dead.size === 0,
      dead_lettered: [...dead],
      features: Object.assign({}, ...own),
      ...(own.length < served.length && { targets: served.filter(({ features }) => Object.keys(features).length > 0) }),
    },
  }
}
