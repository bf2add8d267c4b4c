import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { createEvent, defineEvent, type JsonObject, MemoryEventBus, replayAll } from "@fabra/events"
import { partitionOf, replayEvent } from "@fabra/events/adapter"
import { gate, silent } from "@fabra/test-support"
import { expect, onTestFinished, test } from "vitest"
import { z } from "zod"
import { AxiomWorker, dryRun, eraseEntity, type WorkerOptions } from "../src/index.js"

const NONE: string[] = []

/** A shop whose purchases change features of the user, of the merchant, and of all accounts they name. */
function shop(partitions = 8) {
  const bus = new MemoryEventBus({ partitions })
  const cache = new MemoryFeatureCache()
  const store = new FeatureStore({ bus, cache })
  const User = store.entity("User", { key: "user_id" })
  const Merchant = store.entity("Merchant", { key: "merchant_id" })
  const purchase = defineEvent("purchase", z.object({ merchant: z.any().optional(), hard: z.boolean().optional() }))
  const append = (_id: string, { eventId }: { eventId: string }, { current }: { current: string[] }) => [
    ...current,
    eventId,
  ]
  const bought = store.feature("bought", { entity: User, trigger: purchase, initial: NONE, compute: append })
  const sold = store.feature("sold", {
    entity: Merchant,
    trigger: purchase,
    key: ({ payload }) => payload.merchant as string,
    initial: NONE,
    compute: append,
  })
  const fragile = { on: true }
  const checked = store.feature("checked", {
    entity: Merchant,
    trigger: purchase,
    key: ({ payload }) => payload.merchant as string,
    maxRetries: 1,
    initial: NONE,
    compute(id, event, { current }) {
      if (event.payload.hard && fragile.on) throw new Error(`${id} is closed`)
      return [...current, event.eventId]
    },
  })
  const start = (options: Partial<WorkerOptions> = {}) => {
    const worker = new AxiomWorker(store, { logger: silent, retryBaseMs: 1, retryMaxMs: 5, ...options })
    const running = worker.run()
    running.catch(() => {})
    onTestFinished(() => worker.stop())
    return worker
  }
  const buy = (eventId: string, entityId: string, payload: JsonObject) =>
    bus.publish(createEvent({ eventType: "purchase", entityId, eventId, payload }))
  return { bus, cache, store, User, Merchant, purchase, bought, sold, checked, fragile, start, buy }
}

test("an event changes features of the entities that its payload names, each once and in order", async () => {
  const { store, bought, sold, start, buy } = shop()
  const worker = start({ batchSize: 3 })
  const users = Array.from({ length: 20 }, (_, i) => `u${i}`)
  const ids: string[] = []
  for (let i = 0; i < 400; i++) {
    ids.push(`e${i}`)
    await buy(`e${i}`, users[i % users.length] as string, { merchant: i % 2 === 0 ? "hot" : `m${i % 7}` })
  }
  await worker.idle()
  const hot = await store.getFeature(sold, "hot")
  expect([...hot].sort()).toEqual(ids.filter((_, i) => i % 2 === 0).sort())
  for (const [i, user] of users.entries()) {
    const own = ids.filter((_, at) => at % users.length === i)
    expect(await store.getFeature(bought, user)).toEqual(own)
    expect(hot.filter((id) => own.includes(id))).toEqual(own.filter((id) => hot.includes(id)))
  }
})

test("a key may name several entities, one twice, or none", async () => {
  const { store, sold, bought, start, buy } = shop()
  const worker = start()
  await buy("e1", "ann", { merchant: ["a", "b", "a"] })
  await buy("e2", "ann", { merchant: [] })
  await buy("e3", "ann", {})
  await buy("e4", "bob", { merchant: "b" })
  await worker.idle()
  expect(await store.getFeature(sold, "a")).toEqual(["e1"])
  expect(await store.getFeature(sold, "b")).toEqual(["e1", "e4"])
  expect(await store.getFeature(bought, "ann")).toEqual(["e1", "e2", "e3"])
})

test("two features of one type whose keys name the same entity are changed together, as is one without a key", async () => {
  const bus = new MemoryEventBus({ partitions: 2 })
  const store = new FeatureStore({ bus, cache: new MemoryFeatureCache() })
  const Account = store.entity("Account", { key: "account_id" })
  const counts = ["own", "from", "to"].map((name) =>
    store.feature(name, {
      entity: Account,
      trigger: "transfer",
      key: name === "own" ? undefined : ({ payload }) => payload[name] as string,
      initial: 0,
      compute: (_id, _event, { current }) => current + 1,
    }),
  )
  const worker = new AxiomWorker(store, { logger: silent })
  const running = worker.run()
  await bus.publish(createEvent({ eventType: "transfer", entityId: "a", payload: { from: "a", to: "b" } }))
  await bus.publish(createEvent({ eventType: "transfer", entityId: "c", payload: { from: "a", to: "a" } }))
  await worker.idle()
  await worker.stop()
  await running
  const read = async (id: string) =>
    Object.values((await store.getFeatures(counts, id)).features).map(({ value }) => value)
  expect(await read("a")).toEqual([1, 2, 1])
  expect(await read("b")).toEqual([0, 0, 1])
  expect(await read("c")).toEqual([1, 0, 0])
})

test("a feature that fails for one entity is its dead letter alone, and a replay repairs that entity only", async () => {
  const { bus, store, sold, checked, bought, fragile, start, buy } = shop()
  const worker = start()
  await buy("e1", "ann", { merchant: ["a", "b"], hard: true })
  await buy("e2", "bob", { merchant: "a" })
  await worker.idle()
  expect(await store.getFeature(bought, "ann")).toEqual(["e1"])
  expect(await store.getFeature(sold, "a")).toEqual(["e1", "e2"])
  expect(await store.getFeature(checked, "a")).toEqual(["e2"])
  const { entries } = await bus.deadLetters.list()
  expect(entries.map(({ entityType, entityId, features }) => [entityType, entityId, features])).toEqual([
    ["Merchant", "a", ["checked"]],
    ["Merchant", "b", ["checked"]],
  ])
  fragile.on = false
  const [a] = (await bus.deadLetters.list({ entityId: "a" })).entries
  for (let i = 0; i < 2; i++) await bus.deadLetters.replay([a?.id as string])
  await worker.idle()
  expect(await store.getFeature(checked, "a")).toEqual(["e2", "e1"])
  expect(await store.getFeature(checked, "b")).toEqual([])
  expect(await bus.deadLetters.discard((await bus.deadLetters.list()).entries.map(({ id }) => id))).toBe(1)
  await worker.idle()
  expect(await store.getFeature(checked, "b")).toEqual([])
})

test.each<readonly [string, unknown, RegExp]>([
  ["a number", 7, /key of "sold" returned 7: it must return an id/],
  ["a text that is no id", "", /key of "sold" returned an id that is refused/],
  ["too many", Array.from({ length: 101 }, (_, i) => `m${i}`), /returned 101 ids: one event changes at most 100/],
  ["null", null, /returned null/],
])(
  "a key that returns %s is a dead letter of that feature, and repaired by a replay once it works",
  async (_, merchant, error) => {
    const { bus, store, User, Merchant, sold, bought } = shop()
    const worker = new AxiomWorker(store, { logger: silent })
    const running = worker.run()
    await bus.publish(
      createEvent({ eventType: "purchase", entityId: "ann", eventId: "e1", payload: { merchant } as never }),
    )
    await worker.idle()
    expect(await store.getFeature(bought, "ann")).toEqual(["e1"])
    const { entries } = await bus.deadLetters.list({ feature: "sold" })
    expect(entries.map(({ entityType, entityId, attempts }) => [entityType, entityId, attempts])).toEqual([
      ["Merchant", "ann", 0],
    ])
    expect(entries[0]?.error.message).toMatch(error)
    await worker.stop()
    await running

    // The code is mended: the same log and cache under a key that works.
    const mended = new FeatureStore({ bus, cache: store.cache })
    mended.entity(User.name, { key: User.key })
    const entity = mended.entity(Merchant.name, { key: Merchant.key })
    const again = { entity, trigger: "purchase", key: () => ["x", "y"], initial: NONE } as const
    const compute = (_id: string, { eventId }: { eventId: string }, { current }: { current: string[] }) => [
      ...current,
      eventId,
    ]
    for (const name of ["sold", "checked"]) mended.feature(name, { ...again, compute })
    const next = new AxiomWorker(mended, { logger: silent })
    const going = next.run()
    const repeated = entries.map(({ id, ...letter }) => letter)
    await replayAll(bus.deadLetters, { feature: "sold" })
    await next.idle()
    expect(await mended.getFeature("sold", "x")).toEqual(["e1"])
    // A worker that died may write the letter once more, after a day or on another bus: it is applied all the same once.
    for (const [i, letter] of repeated.entries()) await bus.publish({ ...replayEvent(letter), eventId: `again${i}` })
    await next.idle()
    expect(await mended.getFeature("sold", "x")).toEqual(["e1"])
    expect(await mended.getFeature("sold", "y")).toEqual(["e1"])
    expect(await mended.getFeature("sold", "ann")).toEqual([])
    const [record] = await store.cache.load([{ entityType: "Merchant", entityId: "ann" }], "fabra_workers")
    expect([...(record?.flags ?? [])]).toEqual(["dead:checked/e1"])
    await next.stop()
    await going
    expect(sold.name).toBe("sold")
  },
)

test("several workers change one entity at once: every event counts once", async () => {
  const { store, sold, start, buy } = shop(4)
  const workers = [start({ consumer: "one", leaseMs: 400 }), start({ consumer: "two", leaseMs: 400 })]
  const ids = Array.from({ length: 300 }, (_, i) => `e${i}`)
  for (const [i, id] of ids.entries()) await buy(id, `u${i % 30}`, { merchant: "hot" })
  await Promise.all(workers.map((worker) => worker.idle()))
  await expect.poll(async () => (await store.getFeature(sold, "hot")).length).toBe(ids.length)
  expect([...(await store.getFeature(sold, "hot"))].sort()).toEqual([...ids].sort())
})

test("a dry run shows what an event would change, for every entity", async () => {
  const { store } = shop()
  const event = createEvent({ eventType: "purchase", entityId: "ann", payload: { merchant: ["a", "b"], hard: true } })
  const { changes, failures } = await dryRun(store, event)
  expect(changes.map(({ entityType, entityId, name }) => `${entityType}/${entityId}.${name}`)).toEqual([
    "User/ann.bought",
    "Merchant/a.sold",
    "Merchant/b.sold",
  ])
  expect(failures.map(({ entityId, feature }) => [entityId, feature])).toEqual([
    ["a", "checked"],
    ["b", "checked"],
  ])
  const wrong = createEvent({ eventType: "purchase", entityId: "ann", payload: { merchant: 7 } })
  expect((await dryRun(store, wrong)).failures.map(({ entityId, feature }) => [entityId, feature])).toEqual([
    ["ann", "sold"],
    ["ann", "checked"],
  ])
})

test("erasing an entity waits for the events of every partition that change it", async () => {
  const { store, bus, sold, Merchant, start, buy } = shop(4)
  const [entered, held] = [gate(), gate()]
  const elsewhere = Array.from({ length: 9 }, (_, i) => `u${i}`).find(
    (id) => partitionOf(id, 4) !== partitionOf("gone", 4),
  )
  store.feature("slow", {
    entity: Merchant,
    trigger: "purchase",
    key: ({ payload }) => payload.merchant as string,
    async compute() {
      entered.open()
      await held.promise
    },
  })
  const worker = start()
  await buy("e1", elsewhere as string, { merchant: "gone" })
  await entered.promise
  const early = await eraseEntity(store, "Merchant", "gone", { bus, timeoutMs: 2500 })
  expect(early.groupsBehind).toEqual(["fabra_workers"])
  held.open()
  expect(await eraseEntity(store, "Merchant", "gone", { bus })).toMatchObject({ groupsBehind: [], record: "removed" })
  await worker.idle()
  expect(await store.getFeature(sold, "gone")).toEqual([])
})
