import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { defineState } from "@fabra/core/adapter"
import { createEvent, defineEvent, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import { expect, test } from "vitest"
import { z } from "zod"
import { onlyEventTypes } from "../src/worker/only-event-types.js"
import { fabra } from "./fabra.js"

const purchase = defineEvent("purchase", z.object({ amount: z.number() }))

function shop() {
  const store = new FeatureStore({ cache: new MemoryFeatureCache() })
  const User = store.entity("User", { key: "user_id" })
  store.feature("spent", {
    ...{ entity: User, trigger: [purchase, "gift"], initial: 0, maxRetries: 0 },
    when: ({ eventId }) => eventId !== "unwanted",
    compute: async (userId) => ((await store.getFeature<number>("spent", userId)) ?? 0) + 1,
  })
  store.feature("logins", {
    entity: User,
    trigger: "login",
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })
  store.feature("plan", { entity: User, initial: "free" })
  return store
}

test("only what the named events trigger is computed, as it is defined", async () => {
  const store = shop()
  const bus = new MemoryEventBus()
  const some = onlyEventTypes(store, ["purchase", "gift"])
  const worker = new AxiomWorker(some, { bus, cache: store.cache, group: "money", logger: silent })
  const running = worker.run()
  const events = ["gift", "login", "gift"].map((eventType) => createEvent({ eventType, entityId: "ann" }))
  events.push(createEvent({ eventType: "gift", entityId: "ann", eventId: "unwanted" }))
  events.push(createEvent({ eventType: "purchase", entityId: "ann", payload: { amount: "no number" } }))
  for (const event of events) await bus.publish(event)
  await worker.idle()
  expect(await store.getFeature("spent", "ann")).toBe(2)
  expect(await store.getFeature("logins", "ann")).toBe(0)
  expect(some.registry.feature("plan").initial).toBe("free")
  const { entries } = await bus.deadLetters.list()
  expect(entries).toMatchObject([{ eventType: "purchase", reason: "invalid_event" }])
  await worker.stop()
  await running
})

test("states and keys are those of all features, whichever of them are computed", () => {
  const store = shop()
  const Merchant = store.entity("Merchant", { key: "merchant_id" })
  defineState(store, "sales", {
    entity: Merchant,
    trigger: "sale",
    key: ({ payload }) => payload.merchant as string,
    fields: ["n"],
    keepMs: 5,
    update: () => true,
    features: { sales_now: { fields: ["n"], about: "sales", finish: () => undefined, default: 0 } },
  })
  for (const [chosen, handlers] of [
    ["sale", 1],
    ["login", 0],
  ] as const) {
    const { registry } = onlyEventTypes(store, [chosen])
    expect(registry.handlersFor("sale")).toHaveLength(handlers)
    expect(registry.feature("sales_now")).toMatchObject({ default: 0, state: { about: "sales" } })
    expect(registry.feature("sales_now").computedBy).toBe(handlers === 1 ? "events" : "nothing")
    expect(registry.stored.get("sales~n")).toMatchObject({ ttlMs: 5 })
    expect([...registry.keyedTypes]).toEqual(["Merchant"])
  }
})

test.each([
  [["purchas"], 'no feature is triggered by "purchas". Did you mean "purchase"?'],
  [["gift"], 'feature "spent" is triggered by "gift" and by "purchase": name both or neither.'],
])("%j is refused", (eventTypes, message) => {
  expect(() => onlyEventTypes(shop(), eventTypes)).toThrow(message)
})

test("it needs a group of its own", async () => {
  const env = { FABRA_FEATURES: "my_features.ts", FABRA_REDIS_URL: "redis://127.0.0.1:1" }
  const shared = await fabra(["worker", "--event-type", "purchase"], { env })
  expect(shared).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error: --event-type needs a --group of its own/),
  })
})
