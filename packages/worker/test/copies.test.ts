import { createRequire } from "node:module"
import { createEvent, MemoryEventBus } from "@fabra/events"
import { expect, test } from "vitest"
import { AxiomWorker } from "../src/index.js"

const { FeatureStore } = createRequire(import.meta.url)("@fabra/core") as typeof import("@fabra/core")

test("handlers of a store from another copy of core run in the worker's transactions", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  store.feature("total", {
    entity: User,
    trigger: "purchase",
    compute: async (userId) => ((await store.getFeature<number>("total", userId)) ?? 0) + 1,
  })
  const bus = new MemoryEventBus()
  const worker = new AxiomWorker(store, { bus })
  const running = worker.run()
  for (let n = 0; n < 10; n++) await bus.publish(createEvent({ eventType: "purchase", entityId: "ann" }))
  await worker.idle()
  expect(await store.getFeature("total", "ann")).toBe(10)
  await worker.stop()
  await running
})
