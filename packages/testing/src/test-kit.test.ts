import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { expect, test } from "vitest"
import { createTestKit } from "./index.js"

const purchase = defineEvent<{ amount: number }>("purchase")

function shop() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const total = store.feature("total", {
    entity: User,
    trigger: purchase,
    initial: 0,
    compute: (_id, event, { current }) => current + event.payload.amount,
  })
  return { store, User, total }
}

test("give events, read features", async () => {
  const { store, total } = shop()
  await using kit = createTestKit(store)
  await kit.give(
    purchase.create({ entityId: "ann", payload: { amount: 2 } }),
    purchase.create({ entityId: "ann", payload: { amount: 3 } }),
  )
  expect(await kit.read(total, "ann")).toBe(5)
  expect((await kit.readAll([total], "ann")).features.total.computedAt).toEqual(new Date("2026-01-01T00:00:00Z"))
})

test("each kit begins with no data", async () => {
  const { store, total } = shop()
  for (let round = 0; round < 2; round++) {
    const kit = createTestKit(store)
    await kit.give(purchase.create({ entityId: "ann", payload: { amount: 1 } }))
    expect(await kit.read(total, "ann")).toBe(1)
    await kit.close()
  }
})

test("the clock moves when told to", async () => {
  const { store, total } = shop()
  await using kit = createTestKit(store, { now: "2026-05-01T12:00:00Z" })
  await kit.clock.advance(3_600_000) // leases are renewed on the way
  await kit.give(purchase.create({ entityId: "ann", payload: { amount: 1 } }))
  await kit.store.setFeature(total, "bob", 7)
  const [ann, bob] = await store.getFeatures([total], ["ann", "bob"])
  expect(ann?.features.total.computedAt).toEqual(new Date("2026-05-01T13:00:00Z"))
  expect(bob?.features.total.computedAt).toEqual(new Date("2026-05-01T13:00:00Z"))
  expect(kit.warnings).toEqual([])
})

test("retries do not wait, and failures are at hand", async () => {
  const { store, User } = shop()
  let tries = 0
  store.feature("risky", {
    entity: User,
    trigger: purchase,
    maxRetries: 2,
    compute: () => {
      tries++
      throw new Error("no luck")
    },
  })
  await using kit = createTestKit(store)
  await kit.give(purchase.create({ entityId: "ann", payload: { amount: 1 } }))
  expect(tries).toBe(3)
  expect(await kit.deadLetters()).toMatchObject([{ features: ["risky"], error: { message: "no luck" } }])
})

test("a handler's time-out comes when the clock says so", async () => {
  const { store, User } = shop()
  store.feature("slow", {
    entity: User,
    trigger: purchase,
    maxRetries: 0,
    timeoutMs: 60_000,
    compute: (_id, _event, { signal }) => new Promise<never>(() => signal.addEventListener("abort", () => {})),
  })
  await using kit = createTestKit(store)
  const given = kit.give(purchase.create({ entityId: "ann", payload: { amount: 1 } }))
  await kit.clock.advance(59_999)
  expect(await kit.deadLetters()).toEqual([])
  await kit.clock.advance(1)
  await given
  expect(await kit.deadLetters()).toMatchObject([{ reason: "handler_timeout" }])
})

test("a store with a cache of its own is not touched", () => {
  expect(() => createTestKit(new FeatureStore({ cache: new MemoryFeatureCache() }))).toThrow(/has a cache already/)
})

test("an event that changes features of two entities is warned of, with the names of both", async () => {
  const { store, total } = shop()
  const Product = store.entity("Product", { key: "product_id" })
  store.feature("sold", { entity: Product, trigger: purchase, compute: () => 1 })
  store.feature("bought", { entity: total.entity, trigger: "other", compute: () => 1 })
  await using kit = createTestKit(store)
  expect(kit.warnings).toEqual([
    'Event "purchase" changes features of User ("total") and Product ("sold"): all are computed for the event\'s one ' +
      "entity id. Unless these entities share their ids, say with `key` whose features the event changes.",
  ])
})
