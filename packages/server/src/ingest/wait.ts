import { setTimeout as delay } from "node:timers/promises"
import { type EntityRecord, serveValue } from "@fabra/core/adapter"
import { type AxiomEvent, FabraError, type PublishReceipt, systemClock } from "@fabra/events"
import { withDeadline } from "@fabra/events/adapter"
import { isDeadLettered, isSettled } from "@fabra/worker"
import { type Static, Type } from "@sinclair/typebox"
import { toServed } from "../answer/wire-values.js"
import type { ServerContext } from "../context.js"
import { FeatureValues, strict } from "../schema/schemas.js"

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100

/** What is known of an event after waiting for it. */
export const Waited = Type.Object(
  {
    event_id: Type.String(),
    duplicate: Type.Boolean(),
    applied: Type.Boolean({ description: "True when every feature it triggers is applied. Else nobody knows yet." }),
    dead_lettered: Type.Array(Type.String({ description: "Features that failed on it for good." })),
    features: FeatureValues,
  },
  strict,
)

/** See {@link waitUntilApplied}. */
export interface WaitResult {
  /** Every feature is applied or dead-lettered. */
  readonly settled: boolean
  readonly body: Omit<Static<typeof Waited>, "event_id" | "duplicate">
}

/**
 * Looks at the entity's records until they say that the event is settled, the time is up, or nobody waits any more.
 * Never rejects: the event is in the bus, whatever becomes of the wait.
 */
export async function waitUntilApplied(
  { store, settings, closing }: ServerContext,
  event: AxiomEvent,
  { partition, position }: Pick<PublishReceipt, "partition" | "position">,
  { timeoutMs, gone }: { readonly timeoutMs: number; readonly gone: AbortSignal },
): Promise<WaitResult> {
  const features = [...new Set(store.registry.handlersFor(event.eventType).map(({ feature }) => feature))]
  const entityTypes = [...new Set(features.map(({ entity }) => entity.name))]
  const keys = entityTypes.map((entityType) => ({ entityType, entityId: event.entityId }))
  if (keys.length === 0) return { settled: true, body: { applied: true, dead_lettered: [], features: {} } }

  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), closing, gone])
  const deadline = performance.now() + timeoutMs
  for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const left = Math.max(1, deadline - performance.now())
    const late = () => new FabraError("timeout", "The cache did not answer in time.")
    const records = await withDeadline(systemClock, store.cache.load(keys, settings.group), left, late).catch(() => [])
    if (records.length > 0 && records.every((record) => isSettled(record, partition, position))) {
      return settled(event, features, records, store.clock.now())
    }
    await delay(pause, undefined, { signal }).catch(() => {})
  }
  return { settled: false, body: { applied: false, dead_lettered: [], features: {} } }
}

type Features = ReturnType<ServerContext["store"]["registry"]["handlersFor"]>[number]["feature"][]

/** The values of the very records that say that the event is settled: never older ones. */
function settled(
  { eventId }: AxiomEvent,
  features: Features,
  records: readonly EntityRecord[],
  now: number,
): WaitResult {
  const recordOf = new Map(records.map((record) => [record.key.entityType, record]))
  const served = features.map((feature) => {
    const record = recordOf.get(feature.entity.name)
    return { name: feature.name, record, value: serveValue(feature, record?.values.get(feature.name), now) }
  })
  const dead = served.filter(({ name, record }) => record !== undefined && isDeadLettered(record, eventId, name))
  const values = Object.fromEntries(served.map(({ name, value }) => [name, value]))
  return {
    settled: true,
    body: { applied: dead.length === 0, dead_lettered: dead.map(({ name }) => name), features: toServed(values) },
  }
}
