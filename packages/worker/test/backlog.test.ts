import { createEvent, MemoryEventBus } from "@fabra/events"
import { until } from "@fabra/test-support"
import { expect, test } from "vitest"
import { setup } from "./support.js"

const noLuck = (): never => {
  throw new Error("no luck")
}

test("an entity with ever so many events behind a retry holds up nothing but itself, and then gets them all", async () => {
  const { store, User, bus, start } = setup({ bus: new MemoryEventBus({ partitions: 1 }) })
  let isBroken = true
  const chain = store.feature("chain", {
    entity: User,
    trigger: "x",
    maxRetries: 100,
    initial: [] as number[],
    compute: (id, event, { current }) => {
      if (id === "hot" && isBroken) noLuck()
      return [...current.slice(-20), event.payload.n as number]
    },
  })
  const { worker } = start({ batchSize: 100, retryBaseMs: 50, retryMaxMs: 50 })
  const events = Array.from({ length: 15_000 }, (_, n) =>
    createEvent({ eventType: "x", entityId: n % 1000 === 999 ? "cold" : "hot", payload: { n } }),
  )
  for (let i = 0; i < events.length; i += 1000) await bus.publish(events.slice(i, i + 1000))
  await until(async () => (await store.getFeature(chain, "cold")).length === 15)
  expect(await store.getFeature(chain, "hot")).toEqual([])
  isBroken = false
  await worker.idle()
  expect(await store.getFeature(chain, "hot")).toEqual(Array.from({ length: 21 }, (_, i) => 14_978 + i))
})

test("much that waits for one entity is taken in steps, so that others have their turn", async () => {
  const { store, User, bus, start } = setup({ bus: new MemoryEventBus({ partitions: 1 }) })
  let isBroken = true
  const count = store.feature("count", {
    entity: User,
    trigger: "x",
    initial: 0,
    maxRetries: 100,
    compute: (_id, _event, { current }) => (isBroken ? noLuck() : current + 1),
  })
  let commits = 0
  const { worker } = start({ batchSize: 2_000, telemetry: { committed: () => commits++ } })
  await bus.publish(Array.from({ length: 2_000 }, () => createEvent({ eventType: "x", entityId: "ann", payload: {} })))
  await until(async () => (await bus.lag("fabra_workers"))[0]?.events === 2_000)
  isBroken = false
  await worker.idle()
  expect(await store.getFeature(count, "ann")).toBe(2_000)
  expect(commits).toBeGreaterThanOrEqual(4)
})
