import { FeatureStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { expect, test } from "vitest"
import { settingsFromEnv } from "./settings.js"
import { AxiomWorker } from "./worker.js"

test("the environment sets what the seed of this project sets by it", () => {
  expect(settingsFromEnv({})).toEqual({})
  expect(settingsFromEnv({ FABRA_WORKER_BATCH_SIZE: "" })).toEqual({})
  const env = {
    FABRA_WORKER_BATCH_SIZE: "250",
    FABRA_WORKER_POLL_INTERVAL: "0.5",
    FABRA_WORKER_CONSUMER_GROUP: "blue",
  }
  expect(settingsFromEnv(env)).toEqual({ batchSize: 250, pollIntervalMs: 500, group: "blue" })
})

test.each([
  ["FABRA_WORKER_BATCH_SIZE", "many"],
  ["FABRA_WORKER_BATCH_SIZE", "0"],
  ["FABRA_WORKER_BATCH_SIZE", "1.5"],
  ["FABRA_WORKER_POLL_INTERVAL", "-1"],
  ["FABRA_WORKER_CONSUMER_GROUP", "no spaces"],
])("%s=%s is refused by name", (name, value) => {
  expect(() => settingsFromEnv({ [name]: value })).toThrow(name)
  expect(() => settingsFromEnv({ [name]: value })).toThrow(value)
})

test.each([
  ["batchSize", 0],
  ["pollIntervalMs", Number.NaN],
  ["leaseMs", 1],
  ["drainMs", -1],
  ["rollbackMarginMs", Number.POSITIVE_INFINITY],
  ["group", ""],
  ["futureEvents", "drop"],
])("the option %s: %s is refused by name", (name, value) => {
  const make = () => new AxiomWorker(new FeatureStore(), { bus: new MemoryEventBus(), [name]: value })
  expect(make).toThrow(name)
})
