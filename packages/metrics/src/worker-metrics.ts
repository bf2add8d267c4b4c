import type { FeatureStore, Telemetry } from "@fabra/core"
import type {
  AppliedEvent,
  Call,
  Commit,
  EndedScheduleRun,
  FailedFeature,
  LateEvent,
  ScheduledComputed,
} from "@fabra/core/adapter"
import { DEAD_LETTER_REASONS, type DeadLetterReason } from "@fabra/events"
import type { Registry } from "prom-client"
import { definitions } from "./definitions.js"
import { EventCounts } from "./event-counts.js"
import { FastHistogram } from "./fast-histogram.js"
import { makeCounter, makeGauge, makeHistogram } from "./make.js"

const CACHE_OPERATIONS = ["load", "commit", "verify"]
const BUS_OPERATIONS = ["checkpoint", "append_dead_letter", "note_attempt"]

/** Counts what workers tell. */
export function createWorkerTelemetry(registry: Registry, store: FeatureStore | undefined): Telemetry {
  const events = new EventCounts(registry, store)
  const repeated = makeCounter(definitions.eventsRepeated, registry)
  const processing = new FastHistogram(definitions.eventProcessing, registry)
  const freshness = new FastHistogram(definitions.featureFreshness, registry)
  const failures = makeCounter(definitions.featureFailures, registry)
  const retries = makeCounter(definitions.featureRetries, registry)
  const late = makeCounter(definitions.eventsLate, registry)
  const deadLetters = makeCounter(definitions.deadLetters, registry, zeros("reason", DEAD_LETTER_REASONS))
  const readBatch = makeHistogram(definitions.readBatch, registry)
  const commits = makeCounter(definitions.commits, registry, zeros("result", ["applied", "conflict", "unknown"]))
  const calls = {
    cache: callMetrics(registry, definitions.cacheCalls, definitions.cacheFailures, CACHE_OPERATIONS),
    bus: callMetrics(registry, definitions.busCalls, definitions.busFailures, BUS_OPERATIONS),
  }
  const blocked = makeGauge(definitions.lanesBlocked, registry)
  const owned = makeGauge(definitions.partitionsOwned, registry)
  const rebalances = makeCounter(definitions.rebalances, registry, zeros("change", ["assigned", "released", "lost"]))
  const scheduleRuns = makeHistogram(definitions.scheduleRuns, registry)
  const scheduledEntities = makeCounter(definitions.scheduledEntities, registry)
  const entityTypes = [...(store?.registry.entities.keys() ?? [])]
  const recordsRemoved = makeCounter(definitions.recordsRemoved, registry, zeros("entity_type", entityTypes))
  const rollbacks = makeCounter(definitions.rollbacks, registry, [{ cause: "lost" }, { cause: "restart" }])
  for (const feature of store?.registry.scheduledHandlers.keys() ?? []) {
    for (const outcome of ["complete", "incomplete", "ended_early"]) scheduleRuns.zero({ feature, outcome })
  }
  return {
    eventsRead: (read) => readBatch.observe(read.events),
    eventApplied(applied: AppliedEvent) {
      if (applied.repeated) return repeated.inc()
      const counts = events.of(applied.event.eventType)
      counts.processed++
      if (applied.featuresFailed.length > 0) counts.failed++
      processing.observe(applied.durationMs / 1000)
      freshness.observe(applied.freshnessMs / 1000)
    },
    featureFailed({ feature, willRetry }: FailedFeature) {
      failures.inc({ feature })
      retries.inc({ feature }, willRetry ? 1 : 0)
    },
    eventLate: ({ feature }: LateEvent) => late.inc({ feature }),
    deadLettered({ eventType, reason }: { eventType: string | undefined; reason: DeadLetterReason }) {
      deadLetters.inc({ reason })
      if (eventType !== undefined) return
      // What cannot be read is never told as applied.
      const counts = events.of(undefined)
      counts.processed++
      counts.failed++
    },
    committed({ applied, conflicts, unknown }: Commit) {
      commits.inc({ result: "applied" }, applied)
      commits.inc({ result: "conflict" }, conflicts)
      commits.inc({ result: "unknown" }, unknown)
    },
    called({ target, operation, durationMs, failed }: Call) {
      calls[target].seconds.observe({ operation }, durationMs / 1000)
      if (failed) calls[target].failures.inc({ operation })
    },
    laneBlocked: () => blocked.inc(),
    laneFreed: () => blocked.dec(),
    partitionAssigned() {
      owned.inc()
      rebalances.inc({ change: "assigned" })
    },
    partitionReleased({ lost }) {
      owned.dec()
      rebalances.inc({ change: lost ? "lost" : "released" })
    },
    scheduledComputed({ feature, entities, failed }: ScheduledComputed) {
      scheduledEntities.inc({ feature, result: "computed" }, entities - failed)
      scheduledEntities.inc({ feature, result: "failed" }, failed)
    },
    scheduleRunEnded({ feature, complete, failed, durationMs }: EndedScheduleRun) {
      const outcome = complete ? (failed === 0 ? "complete" : "incomplete") : "ended_early"
      scheduleRuns.observe({ feature, outcome }, durationMs / 1000)
    },
    recordsRemoved: ({ entityType, records }) => recordsRemoved.inc({ entity_type: entityType }, records),
    rolledBack: ({ cause }) => rollbacks.inc({ cause }),
  }
}

function callMetrics(
  registry: Registry,
  seconds: typeof definitions.cacheCalls,
  failures: typeof definitions.cacheFailures,
  operations: readonly string[],
) {
  return {
    seconds: makeHistogram(seconds, registry),
    failures: makeCounter(failures, registry, zeros("operation", operations)),
  }
}

function zeros(label: string, values: readonly string[]): Record<string, string>[] {
  return values.map((value) => ({ [label]: value }))
}
