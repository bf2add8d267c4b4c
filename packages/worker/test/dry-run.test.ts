import type { EntityKey } from "@fabra/core/adapter"
import { createEvent, defineEvent } from "@fabra/events"
import { until } from "@fabra/test-support"
import { expect, test } from "vitest"
import { z } from "zod"
import { dryRun, isDeadLettered, isSettled } from "../src/index.js"
import { setup } from "./support.js"

const GROUP = "fabra_workers"
const ann: EntityKey = { entityType: "User", entityId: "ann" }

test("a dry run returns what an event would change, and changes nothing", async () => {
  const { store, User, cache } = setup()
  store.feature("count", {
    entity: User,
    trigger: "visit",
    initial: 0,
    compute: (_id, event, { current, set }) => {
      set(`seen_${event.eventId}`, true)
      return current + 1
    },
  })
  store.feature("big", { entity: User, trigger: "visit", when: () => false, compute: () => 1 })
  store.feature("fragile", {
    entity: User,
    trigger: "visit",
    compute: async () => {
      throw new Error("not today")
    },
  })
  await store.setFeature("count", "ann", 4)
  const [before] = await cache.load([ann], GROUP)
  const event = createEvent({ eventType: "visit", entityId: "ann", eventId: "e1" })

  expect(await dryRun(store, event)).toEqual({
    changes: [
      {
        entityType: "User",
        entityId: "ann",
        name: "seen_e1",
        before: { value: undefined, status: "MISSING", eventTime: null, computedAt: null },
        after: expect.objectContaining({ value: true, status: "PRESENT" }),
      },
      {
        entityType: "User",
        entityId: "ann",
        name: "count",
        before: expect.objectContaining({ value: 4, eventTime: null }),
        after: expect.objectContaining({ value: 5, eventTime: event.timestamp }),
      },
    ],
    failures: [{ entityType: "User", entityId: "ann", feature: "fragile", error: new Error("not today") }],
  })
  expect(await cache.load([ann], GROUP)).toEqual([before])
})

test("a dry run reports an event that does not match its schema as a failure, and no change for one that triggers nothing", async () => {
  const { store, User } = setup()
  const purchase = defineEvent("purchase", z.object({ amount: z.number() }))
  store.feature("last", { entity: User, trigger: purchase, compute: (_id, event) => event.payload.amount })
  const wrong = createEvent({ eventType: "purchase", entityId: "ann", payload: { amount: "5" } })
  const { changes, failures } = await dryRun(store, wrong)
  expect(changes).toEqual([])
  expect(failures).toMatchObject([{ feature: "last", error: { code: "invalid_event" } }])
  expect(await dryRun(store, createEvent({ eventType: "other", entityId: "ann" }))).toEqual({
    changes: [],
    failures: [],
  })
})

test("a dry run gives up on a handler that does not end", async () => {
  const { store, User } = setup()
  store.feature("slow", { entity: User, trigger: "visit", compute: () => new Promise<number>(() => {}) })
  const event = createEvent({ eventType: "visit", entityId: "ann" })
  const { failures } = await dryRun(store, event, { timeoutMs: 1 })
  expect(failures).toMatchObject([{ feature: "slow", error: { code: "handler_timeout" } }])
})

test("an awaited event leaves its mark even when it changes nothing; its dead letters are known", async () => {
  const { store, User, bus, cache, start } = setup()
  store.feature("never", { entity: User, trigger: "visit", when: () => false, compute: () => 1 })
  store.feature("fragile", {
    entity: User,
    trigger: "fall",
    maxRetries: 0,
    compute: () => {
      throw new Error("not today")
    },
  })
  const { worker } = start()
  const record = async () => {
    const [loaded] = await cache.load([ann], GROUP)
    if (loaded === undefined) throw new Error("no answer")
    return loaded
  }

  const plain = await bus.publish(createEvent({ eventType: "visit", entityId: "ann" }))
  await worker.idle()
  expect(isSettled(await record(), plain.partition, plain.position)).toBe(false)

  const awaited = await bus.publish({ ...createEvent({ eventType: "visit", entityId: "ann" }), awaited: true })
  await until(async () => isSettled(await record(), awaited.partition, awaited.position))
  expect(isSettled(await record(), plain.partition, plain.position)).toBe(true)

  const fall = await bus.publish(createEvent({ eventType: "fall", entityId: "ann", eventId: "e2" }))
  await until(async () => isSettled(await record(), fall.partition, fall.position))
  expect(isDeadLettered(await record(), "e2", "fragile")).toBe(true)
  expect(isDeadLettered(await record(), "e2", "never")).toBe(false)
})
