import type { Telemetry } from "@fabra/core"
import { createEvent, MemoryEventBus } from "@fabra/events"
import { until } from "@fabra/test-support"
import { expect, test } from "vitest"
import { setup } from "./support.js"

type Told = { readonly [Name in keyof Telemetry]-?: Parameters<NonNullable<Telemetry[Name]>>[0][] }

/** Telemetry that keeps all it is told. */
function recorder() {
  const told: Told = {
    eventsRead: [],
    runHandler: [],
    featureFailed: [],
    eventLate: [],
    deadLettered: [],
    committed: [],
    eventApplied: [],
    called: [],
    laneBlocked: [],
    laneFreed: [],
    partitionAssigned: [],
    partitionReleased: [],
    scheduledComputed: [],
    scheduleRunEnded: [],
    recordsRemoved: [],
    rolledBack: [],
  }
  const keep = Object.entries(told).map(([name, list]) => [name, (what: never) => list.push(what)])
  const telemetry: Telemetry = {
    ...Object.fromEntries(keep),
    runHandler(call, run) {
      told.runHandler.push(call)
      run()
    },
  }
  return { told, telemetry }
}

test("an applied event is told with what it changed, what of it failed, and how fresh it is", async () => {
  const { store, User, start, publish } = setup()
  store.feature("good", { entity: User, trigger: "x", compute: () => 1 })
  store.feature("bad", { entity: User, trigger: "x", maxRetries: 2, compute: () => Promise.reject(new Error("no")) })
  const { told, telemetry } = recorder()
  const { worker } = start({ telemetry })
  const { eventId } = await publish("x", "ann")
  await worker.idle()
  expect(told.eventApplied).toEqual([
    {
      event: expect.objectContaining({ eventId }),
      entityType: "User",
      entityId: "ann",
      partition: expect.any(Number),
      featuresUpdated: ["good"],
      featuresFailed: ["bad"],
      attempts: 3, // tries: those of the feature that took most
      repeated: false,
      durationMs: expect.any(Number),
      freshnessMs: expect.any(Number),
    },
  ])
  expect(told.eventsRead).toEqual([{ events: 1 }])
  expect(told.featureFailed.map(({ feature, attempt, willRetry }) => [feature, attempt, willRetry])).toEqual([
    ["bad", 1, true],
    ["bad", 2, true],
    ["bad", 3, false],
  ])
  expect(told.runHandler.map(({ feature, attempt }) => [feature, attempt])).toEqual([
    ["good", 1],
    ["bad", 1],
    ["bad", 2],
    ["bad", 3],
  ])
  expect(told.deadLettered).toEqual([{ eventType: "x", reason: "handler_failed" }])
  expect(new Set(told.called.map(({ target, operation }) => `${target} ${operation}`))).toEqual(
    new Set(["cache load", "cache commit", "bus append_dead_letter"]),
  )
  // It waited twice: for its second and its third try.
  expect([told.laneBlocked.length, told.laneFreed.length]).toEqual([2, 2])
  expect(told.laneBlocked[0]).toEqual({
    partition: told.eventApplied[0]?.partition,
    entityType: "User",
    entityId: "ann",
  })
})

test("a commit names the events it settles", async () => {
  const { store, User, start, publish } = setup()
  store.feature("n", { entity: User, trigger: "x", compute: () => 1 })
  const settled: string[][] = []
  const committed: Telemetry["committed"] = ({ applied, conflicts, unknown, events }) => {
    settled.push(events().map(({ event, entityType }) => `${entityType} ${event.eventId}`))
    expect([applied, conflicts, unknown]).toEqual([2, 0, 0])
  }
  for (const id of ["ann", "ann", "bob"]) await publish("x", id, {}, `${id}${settled.length}`)
  const { worker } = start({ telemetry: { committed } })
  await worker.idle()
  expect(settled.flat().sort()).toEqual(["User ann0", "User bob0"])
})

test("an event that another worker had settled is told as repeated", async () => {
  const { store, User, start, publish } = setup()
  store.feature("n", { entity: User, trigger: "x", compute: () => 1 })
  const first = start({ rollbackMarginMs: 3_600_000 })
  await publish("x", "ann")
  await first.worker.idle()
  await first.worker.stop() // at once: the checkpoint trails the work, so the next one reads the event again
  const { told, telemetry } = recorder()
  const second = start({ telemetry })
  await second.worker.idle()
  expect(told.eventApplied).toMatchObject([{ repeated: true, attempts: 0, featuresUpdated: [] }])
})

test("partitions are told as they come and go, and so is what waits when they go", async () => {
  const { store, User, bus, start } = setup({ bus: new MemoryEventBus({ partitions: 2 }) })
  store.feature("n", { entity: User, trigger: "x", compute: () => Promise.reject(new Error("no")) })
  const { told, telemetry } = recorder()
  const { worker } = start({ telemetry, drainMs: 0, retryBaseMs: 3_600_000, retryMaxMs: 3_600_000 })
  await bus.publish(createEvent({ eventType: "x", entityId: "ann" }))
  await until(() => told.laneBlocked.length === 1)
  expect(told.laneFreed).toEqual([])
  await worker.stop()
  expect(told.laneFreed).toEqual(told.laneBlocked)
  expect(told.partitionAssigned.map(({ partition }) => partition).sort()).toEqual([0, 1])
  expect(told.partitionReleased).toEqual(told.partitionAssigned.map((change) => ({ ...change, lost: false })))
})

test("several telemetries are told in order, the last being outermost around a handler, which is run once", async () => {
  const { store, User, start, publish } = setup()
  const order: string[] = []
  const compute = () => order.push("handler")
  store.feature("n", { entity: User, trigger: "x", compute })
  const one = (name: string): Telemetry => ({
    runHandler(_call, run) {
      order.push(`${name} before`)
      run()
      run()
      order.push(`${name} after`)
    },
    eventApplied: () => order.push(`${name} applied`),
  })
  const { worker } = start({ telemetry: [one("a"), one("b")] })
  await publish("x", "ann")
  await worker.idle()
  const around = ["b before", "a before", "handler", "a after", "a before", "a after", "b after"]
  expect(order).toEqual([...around, "a applied", "b applied"])
})

test.each([
  ["throws", fail],
  ["does nothing", () => {}],
])("a telemetry that %s instead of running the handler changes nothing", async (_what, runHandler) => {
  const { store, User, start, publish } = setup()
  const n = store.feature("n", { entity: User, trigger: "x", compute: () => 1 })
  const { told, telemetry } = recorder()
  const { worker } = start({ telemetry: [telemetry, { runHandler, eventApplied: fail }] })
  await publish("x", "ann")
  await worker.idle()
  expect(await store.getFeature(n, "ann")).toBe(1)
  expect(told.eventApplied).toMatchObject([{ attempts: 1 }])
})

test("what a handler throws is the handler's", async () => {
  const { store, User, start, publish } = setup()
  store.feature("n", { entity: User, trigger: "x", maxRetries: 0, compute: fail })
  const { told, telemetry } = recorder()
  const { worker } = start({ telemetry })
  await publish("x", "ann")
  await worker.idle()
  expect(told.featureFailed).toMatchObject([{ error: new Error("no"), willRetry: false }])
})

function fail(): never {
  throw new Error("no")
}
