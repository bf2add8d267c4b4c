// Every snippet of the page "Event-Driven Features" that is about events, as TypeScript, on a real worker.
import { FeatureStore, type Telemetry } from "@fabra/core"
import { type AxiomEvent, createEvent, defineEvent, MemoryEventBus } from "@fabra/events"
import { createTestKit } from "@fabra/testing"
import { AxiomWorker, settingsFromEnv } from "@fabra/worker"
import { describe, expect, test, vi } from "vitest"
import * as quickExample from "../features.js"

const USER = "user_123"

function newStore() {
  const store = new FeatureStore()
  return { store, User: store.entity("User", { key: "user_id" }) }
}

function event(eventType: string, payload = {}): AxiomEvent<string, object> {
  return createEvent({ eventType, entityId: USER, payload })
}

test("quick example", async () => {
  const { store, purchase, lastPurchaseAmount, totalPurchases } = quickExample
  const kit = createTestKit(store)
  await kit.give(
    purchase.create({ entityId: USER, payload: { amount: 99.99, product_id: "prod_456" } }),
    purchase.create({ entityId: USER, payload: { amount: 5.5, product_id: "prod_789" } }),
  )
  expect(await kit.read(lastPurchaseAmount, USER)).toBe(5.5)
  expect(await kit.read(totalPurchases, USER)).toBe(2)
  await kit.close()
})

test("publishing events, and the event model", async () => {
  const bus = new MemoryEventBus()
  const published = createEvent({
    eventType: "purchase",
    entityId: "user_123",
    payload: { amount: 99.99, product_id: "prod_456" },
    timestamp: new Date(),
  })
  expect(published).toEqual({
    eventType: "purchase",
    entityId: "user_123",
    payload: { amount: 99.99, product_id: "prod_456" },
    timestamp: expect.any(Date),
    eventId: expect.stringMatching(/^evt_/), // unique, made up here
  })
  expect(await bus.publish(published)).toMatchObject({ eventId: published.eventId, duplicate: false })
  await bus.close()
})

describe("worker", () => {
  test("run by a program", async () => {
    const { store, User } = newStore()
    const lastLogin = store.feature("last_login", { entity: User, trigger: "login", compute: (_id, e) => e.timestamp })
    const bus = new MemoryEventBus()
    const worker = new AxiomWorker(store, { bus })
    const running = worker.run()
    const login = event("login")
    await bus.publish(login)
    await vi.waitFor(async () => expect(await store.getFeature(lastLogin, USER)).toEqual(login.timestamp))
    await worker.stop()
    await running
  })

  test("configured by the environment", () => {
    const env = {
      FABRA_WORKER_BATCH_SIZE: "50",
      FABRA_WORKER_POLL_INTERVAL: "0.5",
      FABRA_WORKER_CONSUMER_GROUP: "my_workers",
    }
    expect(settingsFromEnv(env)).toEqual({ batchSize: 50, pollIntervalMs: 500, group: "my_workers" })
    expect(settingsFromEnv({})).toEqual({})
  })

  test("says of each event what it has changed", async () => {
    const { store, User } = newStore()
    store.feature("last_purchase", { entity: User, trigger: "purchase", compute: (_id, e) => e.payload })
    const lines: object[] = []
    const telemetry: Telemetry = {
      eventApplied: ({ event: { eventType, entityId, eventId }, durationMs, featuresUpdated }) => {
        const names = { event_type: eventType, entity_id: entityId, event_id: eventId }
        lines.push({ level: "info", ...names, duration_ms: durationMs, features_updated: featuresUpdated })
      },
    }
    const bus = new MemoryEventBus()
    const worker = new AxiomWorker(store, { bus, telemetry })
    const running = worker.run()
    await bus.publish(createEvent({ eventType: "purchase", entityId: USER, eventId: "evt_abc" }))
    await worker.idle()
    const names = { event_type: "purchase", entity_id: "user_123", event_id: "evt_abc" }
    const rest = { duration_ms: expect.any(Number), features_updated: ["last_purchase"] }
    expect(lines).toEqual([{ level: "info", ...names, ...rest }])
    await worker.stop()
    await running
  })
})

describe("trigger patterns", () => {
  test("single trigger", async () => {
    const { store, User } = newStore()
    const lastLogin = store.feature("last_login", {
      entity: User,
      trigger: "login",
      compute: async (_userId, event) => {
        return event.timestamp
      },
    })
    const kit = createTestKit(store)
    const login = event("login")
    await kit.give(login, event("logout"))
    expect(await kit.read(lastLogin, USER)).toEqual(login.timestamp)
    await kit.close()
  })

  test("multiple triggers", async () => {
    const { store, User } = newStore()
    const transactionCount = store.feature("transaction_count", {
      entity: User,
      trigger: ["purchase", "refund"],
      compute: async (userId) => {
        const current = (await store.getFeature<number>("transaction_count", userId)) ?? 0
        return current + 1
      },
    })
    const kit = createTestKit(store)
    await kit.give(event("purchase"), event("refund"), event("purchase"), event("login"))
    expect(await kit.read(transactionCount, USER)).toBe(3)
    await kit.close()
  })

  test("conditional logic", async () => {
    const { store, User } = newStore()
    const transaction = defineEvent<{ type: "credit" | "debit"; amount: number }>("transaction")
    const balance = store.feature("balance", {
      entity: User,
      trigger: transaction,
      compute: async (userId, event) => {
        const current = (await store.getFeature<number>("balance", userId)) ?? 0
        if (event.payload.type === "credit") {
          return current + event.payload.amount
        } else {
          return current - event.payload.amount
        }
      },
    })
    const kit = createTestKit(store)
    await kit.give(
      transaction.create({ entityId: USER, payload: { type: "credit", amount: 100 } }),
      transaction.create({ entityId: USER, payload: { type: "debit", amount: 30 } }),
    )
    expect(await kit.read(balance, USER)).toBe(70)
    await kit.close()
  })
})

describe("error handling", () => {
  function riskyStore(externalApiCall: (payload: object) => Promise<string>) {
    const { store, User } = newStore()
    const riskyFeature = store.feature("risky_feature", {
      entity: User,
      trigger: "risky_event",
      maxRetries: 3,
      compute: async (_userId, event) => {
        // Will retry up to 3 times on exception
        return await externalApiCall(event.payload)
      },
    })
    return { store, riskyFeature }
  }

  test("retry on failure", async () => {
    const externalApiCall = vi.fn(async () => "fine")
    for (let n = 0; n < 3; n++) externalApiCall.mockRejectedValueOnce(new Error("not now"))
    const { store, riskyFeature } = riskyStore(externalApiCall)
    const kit = createTestKit(store)
    await kit.give(event("risky_event"))
    expect(externalApiCall).toHaveBeenCalledTimes(4)
    expect(await kit.read(riskyFeature, USER)).toBe("fine")
    expect(await kit.deadLetters()).toEqual([])
    await kit.close()
  })

  test("dead letter queue", async () => {
    const externalApiCall = vi.fn(async () => Promise.reject(new Error("never")))
    const { store, riskyFeature } = riskyStore(externalApiCall)
    const kit = createTestKit(store)
    await kit.give(event("risky_event"))
    expect(externalApiCall).toHaveBeenCalledTimes(4)
    expect(await kit.read(riskyFeature, USER)).toBeUndefined()
    expect(await kit.deadLetters()).toMatchObject([
      { eventType: "risky_event", features: ["risky_feature"], reason: "handler_failed", error: { message: "never" } },
    ])
    await kit.close()
  })

  // As the page writes it, except that the feature is called what its handler reads: "total".
  function idempotentStore(name: string) {
    const { store, User } = newStore()
    const purchase = defineEvent<{ amount: number }>("purchase")
    const idempotentTotal = store.feature(name, {
      entity: User,
      trigger: purchase,
      compute: async (userId, event) => {
        // Use eventId to prevent double-counting
        const processed = await store.getFeature(`processed_${event.eventId}`, userId)
        if (processed) {
          return await store.getFeature<number>("total", userId)
        }
        await store.setFeature(`processed_${event.eventId}`, userId, true)
        const current = (await store.getFeature<number>("total", userId)) ?? 0
        return current + event.payload.amount
      },
    })
    return { store, purchase, idempotentTotal }
  }

  test("idempotency: an event that comes back after the bus has forgotten it", async () => {
    const { store, purchase, idempotentTotal } = idempotentStore("total")
    const kit = createTestKit(store)
    const first = purchase.create({ entityId: USER, payload: { amount: 10 } })
    await kit.give(first, purchase.create({ entityId: USER, payload: { amount: 5 } }))
    expect(await kit.read(idempotentTotal, USER)).toBe(15)
    await kit.clock.advance(kit.bus.capabilities.dedupeWindowMs + 1)
    await kit.give(first)
    expect(await kit.read(idempotentTotal, USER)).toBe(15)
    await kit.close()
  })

  test("idempotency, to the letter: under its own name it adds to a total that nothing sets", async () => {
    const { store, purchase, idempotentTotal } = idempotentStore("idempotent_total")
    const kit = createTestKit(store)
    for (const amount of [10, 5]) await kit.give(purchase.create({ entityId: USER, payload: { amount } }))
    expect(await kit.read(idempotentTotal, USER)).toBe(5)
    await kit.close()
  })
})
