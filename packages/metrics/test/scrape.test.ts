import { afterAll, beforeAll, expect, test } from "vitest"
import { type MetricDefinition, metricDefinitions } from "../src/index.js"
import { LATE, LOST, PURCHASES, REFUNDS, RETRIED, TwoWorkers } from "./two-workers.js"

let run: TwoWorkers

beforeAll(async () => {
  run = await TwoWorkers.run()
})

afterAll(() => run?.stop())

test("what two workers have counted is what has happened", () => {
  const processed = "fabra_events_processed_total"
  expect(run.total(processed, { event_type: "purchase" })).toBe(PURCHASES)
  expect(run.total(processed, { event_type: "refund" })).toBe(REFUNDS)
  expect(run.total(processed, { event_type: "other" })).toBe(1)
  const failed = "fabra_events_failed_total"
  expect(run.total(failed, { event_type: "purchase" })).toBe(0)
  expect(run.total(failed, { event_type: "refund" })).toBe(LOST)
  expect(run.total(failed, { event_type: "other" })).toBe(1)
  for (const name of ["fabra_event_processing_seconds", "fabra_feature_freshness_seconds"]) {
    expect(run.total(`${name}_count`)).toBe(PURCHASES + REFUNDS)
    expect(run.total(`${name}_bucket`, { le: "+Inf" })).toBe(PURCHASES + REFUNDS)
  }
  expect(run.total("fabra_feature_failures_total", { feature: "refunds" })).toBe(RETRIED + 3 * LOST)
  expect(run.total("fabra_feature_retries_total", { feature: "refunds" })).toBe(RETRIED + 2 * LOST)
  // Those of a batch that met a conflict are computed, and counted, again.
  expect(run.total("fabra_late_events_total", { feature: "total_spend" })).toBeGreaterThanOrEqual(LATE)
  expect(run.total("fabra_dead_letters_total", { reason: "handler_failed" })).toBe(LOST)
  expect(run.total("fabra_dead_letters_total", { reason: "invalid_event" })).toBe(1)
  expect(run.total("fabra_read_batch_events_sum")).toBe(PURCHASES + REFUNDS + 1)
  expect(run.total("fabra_lanes_blocked")).toBe(0)
  expect(run.total("fabra_schedule_run_seconds_count", { feature: "sold_out", outcome: "incomplete" })).toBe(1)
  expect(run.total("fabra_scheduled_entities_total", { feature: "sold_out", result: "computed" })).toBe(2)
  expect(run.total("fabra_scheduled_entities_total", { feature: "sold_out", result: "failed" })).toBe(1)
  for (const name of ["fabra_events_repeated_total", "fabra_cache_rollbacks_total"]) expect(run.total(name)).toBe(0)
})

test("each process has its share, and both of them did something", () => {
  for (const page of run.pages) {
    expect(page.sum("fabra_events_processed_total")).toBeGreaterThan(0)
    expect(page.sum("fabra_commits_total", { result: "applied" })).toBeGreaterThan(0)
    expect(page.sum("fabra_cache_call_seconds_count", { operation: "commit" })).toBeGreaterThan(0)
  }
})

test("partitions are owned once, and the bus tells each worker the same of all of them", async () => {
  const partitions = (await run.owners()).length
  expect(run.total("fabra_partitions_owned")).toBe(partitions)
  expect(run.total("fabra_rebalances_total", { change: "assigned" }) - partitions).toBe(
    run.total("fabra_rebalances_total", { change: "released" }),
  )
  for (const page of run.pages) {
    expect(page.sum("fabra_bus_up")).toBe(1)
    expect(page.values("fabra_partition_lag_events", "partition")).toHaveLength(partitions)
    expect(page.sum("fabra_partitions_unowned")).toBe(0)
    expect(page.sum("fabra_dead_letter_queue_entries")).toBe(LOST + 1)
    expect(page.sum("fabra_dead_letter_queue_oldest_age_seconds")).toBeGreaterThan(0)
  }
})

test("every metric of a worker is there, with the labels it is said to have", () => {
  const { httpRequests: _, ...ofWorkers } = metricDefinitions
  for (const { name, type, labels } of Object.values<MetricDefinition>(ofWorkers)) {
    const series = type === "histogram" ? `${name}_count` : name
    const samples = run.pages.flatMap((page) => page.samples.filter((sample) => sample.name === series))
    expect(samples, name).not.toHaveLength(0)
    for (const sample of samples) expect(Object.keys(sample.labels).sort()).toEqual([...labels].sort())
  }
})
