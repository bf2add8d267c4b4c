import { FeatureStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { createMetrics } from "@fabra/metrics"
import { expect, test } from "vitest"
import { serveMetrics } from "./serve-metrics.js"

const metrics = createMetrics({ store: new FeatureStore(), bus: new MemoryEventBus() })
const open = { host: "0.0.0.0", metricsPort: undefined }

test("metrics nobody asked for are for this machine alone, on another port when theirs is taken", async () => {
  await using other = await metrics.serve(0)
  const taken = Number(new URL(other.url).port)
  const endpoint = await serveMetrics(metrics, open, taken)
  await using _ = endpoint
  expect(endpoint?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  expect(endpoint?.url).not.toBe(other.url)
  await expect(serveMetrics(metrics, { ...open, metricsPort: taken })).rejects.toThrow("Metrics cannot be served at")
})

test("metrics are where the settings say, or nowhere", async () => {
  const endpoint = await serveMetrics(metrics, { ...open, metricsPort: 0 })
  await using _ = endpoint
  expect(endpoint?.url).toMatch(/^http:\/\/0\.0\.0\.0:/)
  expect(await serveMetrics(metrics, { ...open, metricsPort: "off" })).toBeUndefined()
})
