import type { FeatureStore, FeatureValue } from "@fabra/core"
import { type EntityRecord, StoredRow, withTimeout } from "@fabra/core/adapter"
import { type AxiomEvent, type Clock, systemClock } from "@fabra/events"
import { Compute } from "./compute/compute.js"
import type { ComputeEnvironment } from "./compute/compute-environment.js"
import { newItem, newLane } from "./lane/lane.js"
import { PartitionSession } from "./partition/partition-session.js"
import type { Route } from "./read/route.js"
import { Routes } from "./read/routes.js"
import { Draft } from "./record/draft.js"
import { LiveRecord } from "./record/live-record.js"
import { placesOf } from "./record/record-values.js"

/** Options of {@link dryRun}. */
export interface DryRunOptions {
  /** Consumer group as which records are read. Default `fabra_workers`. */
  readonly group?: string
  /** The longest one handler may take, in milliseconds, if its own time-out is not shorter. Default 5,000. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

/** A value that an event would change. */
export interface DryRunChange {
  readonly entityType: string
  readonly entityId: string
  /** The feature, or the free key that a handler sets. */
  readonly name: string
  readonly before: FeatureValue<unknown>
  readonly after: FeatureValue<unknown>
}

/** A feature that would fail. */
export interface DryRunFailure {
  readonly entityType: string
  readonly entityId: string
  readonly feature: string
  readonly error: unknown
}

/** What an event would do. */
export interface DryRun {
  readonly changes: readonly DryRunChange[]
  /** What handlers, or the schema of the event, threw. Those handlers have changed nothing. */
  readonly failures: readonly DryRunFailure[]
}

/** No bus has it, so no record has a mark for it. */
const NO_PARTITION = -1

/**
 * Runs the handlers of an event once on the records as they are now, and commits nothing; no index and no other entity is
 * written either. What handlers do elsewhere is done for real.
 * @throws FabraError `cache_unavailable`
 */
export async function dryRun(
  store: FeatureStore,
  event: AxiomEvent,
  { group = "fabra_workers", timeoutMs = 5000, clock = systemClock }: DryRunOptions = {},
): Promise<DryRun> {
  const env: ComputeEnvironment = {
    registry: store.registry,
    offline: store.offline,
    group,
    source: null,
    haltsEntities: false,
    futureEvents: "accept",
    maxCrashes: Number.POSITIVE_INFINITY,
    now: () => clock.now(),
    withTimeout: (promise, ms, feature) => withTimeout(clock, promise, Math.min(ms, timeoutMs), feature),
    retryDelay: () => 0,
    onFailure: () => {},
  }
  const routes = new Routes(store.registry, group).for(event)
  const keys = routes.map(({ entityType, entityId = event.entityId }) => ({ entityType, entityId }))
  const records = keys.length === 0 ? [] : await store.cache.load(keys, group)
  const running = records.map((record, i) => runOne(event, routes[i] as Route, record, env))
  const done = await Promise.all(running)
  return { changes: done.flatMap(({ changes }) => changes), failures: done.flatMap(({ failures }) => failures) }
}

async function runOne(event: AxiomEvent, route: Route, record: EntityRecord, env: ComputeEnvironment): Promise<DryRun> {
  const { entityType, entityId } = record.key
  const draft = new Draft(new LiveRecord(record, NO_PARTITION, placesOf(env.registry, entityType)), NO_PARTITION)
  const lane = newLane(record.key, new PartitionSession(NO_PARTITION, { position: null, records: 0 }, null))
  const now = env.now()
  const inLog = { position: "0", data: "", acceptedAt: now }
  const batch = { end: "0", records: 1, pending: 1 }
  const item = newItem({ lane, event, record: inLog, batch, route, readAt: now, quarantine: undefined })
  lane.items = [item]
  lane.draft = draft
  await new Compute(env).step(lane)
  const refused = item.checked instanceof Error ? { error: item.checked } : undefined
  const before = new StoredRow((name) => record.values.get(name), env.now())
  const after = new StoredRow((name) => draft.value(name), env.now())
  return {
    changes: item.updated.map((name) => {
      const feature = env.registry.features.get(name) ?? { name }
      return { entityType, entityId, name, before: before.serve(feature), after: after.serve(feature) }
    }),
    failures: route.handlers.flatMap((handler) => {
      const { name } = handler.feature
      const keyFailure = route.failed?.get(handler)
      const failure = keyFailure ? { error: keyFailure } : (refused ?? item.failures?.get(name))
      return failure === undefined ? [] : [{ entityType, entityId, feature: name, error: failure.error }]
    }),
  }
}
