import { describe, expect, test } from "vitest"
import { TestRedis } from "../support.js"
import { measureMemory } from "./measure.js"

const redis = new TestRedis()

/** What a tenfold backlog may add: far less than the events themselves, which would take 45 MB. */
const SLACK_MB = 5

// The long form, with a million events: see main.ts.
describe("the memory of a worker does not grow with its backlog, also while", () => {
  test.each([
    ["one entity of many is stuck in retries", { entities: 1_000, stuck: 1 }],
    ["an entity with half of the events is stuck in retries", { entities: 2, stuck: 1 }],
  ])("%s", { timeout: 300_000 }, async (_, load) => {
    const small = await measureMemory(redis.server, { ...load, events: 5_000 })
    const large = await measureMemory(redis.server, { ...load, events: 50_000 })
    expect(large.applied).toBeGreaterThanOrEqual(25_000)
    expect(large.peak_heap_mb).toBeLessThan(small.peak_heap_mb + SLACK_MB)
  })
})
