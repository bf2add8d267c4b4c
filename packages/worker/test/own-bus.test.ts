import { FeatureStore } from "@fabra/core"
import { defineEvent, MemoryEventBus } from "@fabra/events"
import { AxiomWorker, type WorkerOptions } from "@fabra/worker"
import { expect, test } from "vitest"

test("a worker without options takes events from the store's bus", async () => {
  const bus = new MemoryEventBus()
  const store = new FeatureStore({ bus })
  const login = defineEvent("login")
  const logins = store.feature("logins", {
    entity: store.entity("User", { key: "user_id" }),
    trigger: login,
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })
  await using worker = new AxiomWorker(store)
  const running = worker.run()
  await bus.publish(login.create({ entityId: "ann" }))
  await worker.idle()
  expect(await store.getFeature(logins, "ann")).toBe(1)
  await worker.stop()
  await running
})

test.each<[string, WorkerOptions | undefined]>([
  ["AxiomWorker has no event bus: neither its options nor the store names one.", undefined],
  ["AxiomWorker has no event bus: neither its options nor the store names one.", {}],
  ['bus is "redis://localhost": it must be an event bus.', { bus: "redis://localhost" } as never],
])("a worker without a bus is told what to give it: %s", (message, options) => {
  const mend = " Give it one, { bus: new RedisEventBus() }, or in one process { bus: new MemoryEventBus() }."
  const make = () => new AxiomWorker(new FeatureStore(), options)
  expect(make).toThrow(expect.objectContaining({ message: message + mend, code: "invalid_argument", path: "bus" }))
})
