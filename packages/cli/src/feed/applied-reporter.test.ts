import { FeatureStore } from "@fabra/core"
import type { AppliedEvent } from "@fabra/core/adapter"
import { createEvent } from "@fabra/events"
import { expect, onTestFinished, test } from "vitest"
import { AppliedReporter } from "./applied-reporter.js"
import type { AppliedNotices } from "./feed.js"
import { MemoryFeed } from "./memory-feed.js"

function setUp() {
  const store = new FeatureStore()
  store.feature("plan", { entity: store.entity("User", { key: "user_id" }), initial: "free" })
  const feed = new MemoryFeed()
  const told: AppliedNotices[] = []
  const stop = new AbortController()
  const watch = () => feed.subscribe((notices) => told.push(notices), stop.signal)
  const report = () => {
    const reporter = new AppliedReporter(feed, store)
    onTestFinished(() => reporter.stop())
    return reporter
  }
  const applied = (featuresUpdated: string[], entityId = "ann"): AppliedEvent => ({
    ...{ event: createEvent({ eventType: "purchase", entityId }), entityType: "User", entityId, partition: 0 },
    ...{ featuresUpdated, featuresFailed: [], attempts: 1, repeated: false, durationMs: 2, freshnessMs: 3 },
  })
  return { store, told, watch, report, applied }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

test("tells what is applied, with the values it led to; of too much, how much more", async () => {
  const { told, watch, report, applied } = setUp()
  watch()
  const reporter = report()
  await turn() // it has looked whether anybody watches
  for (let n = 0; n < 103; n++) reporter.eventApplied(applied(["plan", "a key of the handler's own"]))
  await expect.poll(() => told).toHaveLength(1)
  expect(told[0]?.skipped).toBe(3)
  expect(told[0]?.applied).toHaveLength(100)
  expect(told[0]?.applied[0]).toMatchObject({ entity: "User", entity_id: "ann", features: { plan: "free" } })
})

test("tells at most 256 KiB at a time, and counts the rest", async () => {
  const { store, told, watch, report, applied } = setUp()
  watch()
  const reporter = report()
  await turn()
  const plans = { ann: "x".repeat(100_000), ben: "x".repeat(300_000), cem: "x" }
  for (const [id, plan] of Object.entries(plans)) await store.setFeature("plan", id, plan)
  for (const id of ["ann", "ann", "ben", "ann", "cem"]) reporter.eventApplied(applied(["plan"], id))
  await expect.poll(() => told).toHaveLength(1)
  expect(told[0]?.applied.map(({ entity_id }) => entity_id)).toEqual(["ann", "ann", "cem"])
  expect(told[0]?.skipped).toBe(2)
})

test("keeps nothing while nobody watches", async () => {
  const { told, watch, report, applied } = setUp()
  const reporter = report()
  await turn()
  reporter.eventApplied(applied([]))
  watch()
  await expect
    .poll(
      () => {
        reporter.eventApplied(applied(["plan"])) // until it has noticed
        return told
      },
      { timeout: 10_000 },
    )
    .not.toHaveLength(0)
  expect(told[0]?.applied[0]?.features).toEqual({ plan: "free" })
})
