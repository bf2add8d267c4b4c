import { MemoryFeatureCache } from "@fabra/core"
import { defineEvent, MemoryEventBus } from "@fabra/events"
import { gate, until } from "@fabra/test-support"
import { expect, test } from "vitest"
import { z } from "zod"
import { AxiomWorker } from "../src/index.js"
import { lagOf, setup } from "./support.js"

test("an event changes every feature it triggers, with its times", async () => {
  const { store, User, bus, start } = setup()
  const purchase = defineEvent("purchase", z.object({ amount: z.number() }))
  const last = store.feature("last", { entity: User, trigger: purchase, compute: (_id, event) => event.payload.amount })
  const count = store.feature("count", {
    entity: User,
    trigger: [purchase, "refund"],
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })
  const big = store.feature("big", {
    entity: User,
    trigger: purchase,
    when: (event) => event.payload.amount > 100,
    compute: (_id, event) => event.payload.amount,
  })
  const { worker } = start()
  const at = "2026-01-01T00:00:00.000Z"
  await bus.publish(purchase.create({ entityId: "ann", payload: { amount: 5 }, timestamp: at }))
  await bus.publish({ ...purchase.create({ entityId: "ann", payload: { amount: 1 } }), eventType: "refund" })
  await worker.idle()
  const row = await store.getFeatures([last, count, big], "ann")
  expect(row.features.last).toMatchObject({ value: 5, status: "PRESENT", eventTime: new Date(at) })
  expect(row.features.count.value).toBe(2)
  expect(row.features.big).toMatchObject({ value: undefined, status: "MISSING", computedAt: null })
  expect(await store.getFeature(count, "nobody")).toBe(0)
})

test("events of one entity are applied in the order of acceptance, whatever their type, and a duplicate once", async () => {
  const { store, User, start, publish } = setup()
  const chain = store.feature("chain", {
    entity: User,
    trigger: ["a", "b"],
    initial: [] as string[],
    compute: async (_id, event, { current }) => {
      if (event.payload.slow) await new Promise((resolve) => setTimeout(resolve, 3))
      return [...current, event.eventId]
    },
  })
  const { worker } = start({ batchSize: 3 })
  const sent: Record<string, string[]> = { ann: [], bob: [], cid: [] }
  for (let i = 0; i < 60; i++) {
    const entity = ["ann", "bob", "cid"][i % 3] as string
    const { eventId } = await publish(i % 2 ? "a" : "b", entity, { slow: i % 7 === 0 }, `e${i}`)
    if (i % 5 === 0) await publish("a", entity, {}, eventId)
    sent[entity]?.push(eventId)
  }
  await worker.idle()
  for (const [entity, ids] of Object.entries(sent)) expect(await store.getFeature(chain, entity)).toEqual(ids)
})

test("one event changes entities of several types under its id", async () => {
  const { store, User, start, publish } = setup()
  const Account = store.entity("Account", { key: "account_id" })
  const compute = (_id: string, _event: unknown, { current }: { current: number }) => current + 1
  const user = store.feature("user_count", { entity: User, trigger: "x", initial: 0, compute })
  const account = store.feature("account_count", { entity: Account, trigger: "x", initial: 0, compute })
  const { worker } = start()
  await publish("x", "1")
  await worker.idle()
  expect([await store.getFeature(user, "1"), await store.getFeature(account, "1")]).toEqual([1, 1])
})

test("several groups each see every event, and commit to one record without disturbing each other", async () => {
  const bus = new MemoryEventBus()
  const cache = new MemoryFeatureCache()
  const commits = { conflicts: 0 }
  const groups = ["first", "second"].map((group) => {
    const { store, User, start, publish } = setup({ bus, cache })
    const count = store.feature(`count_of_${group}`, {
      entity: User,
      trigger: "x",
      initial: 0,
      compute: (_id, _event, { current }) => current + 1,
    })
    const telemetry = {
      committed: ({ conflicts }: { conflicts: number }) => {
        commits.conflicts += conflicts
      },
    }
    return { store, count, publish, ...start({ group, telemetry }) }
  })
  for (let i = 0; i < 50; i++) await groups[0]?.publish("x", "ann")
  for (const { worker, store, count } of groups) {
    await worker.idle()
    expect(await store.getFeature(count, "ann")).toBe(50)
  }
  expect(commits.conflicts).toBe(0)
})

test("two workers of a group share the work; each event counts once", async () => {
  const { store, User, start, publish } = setup({ bus: new MemoryEventBus({ partitions: 8 }) })
  const by = new Set<number>()
  const count = store.feature("count", {
    entity: User,
    trigger: "x",
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })
  const telemetry = (worker: number) => ({ telemetry: { eventApplied: () => by.add(worker) }, leaseMs: 60 })
  const one = start(telemetry(1))
  await one.worker.idle()
  const two = start(telemetry(2))
  while (by.size < 2) for (let i = 0; i < 40; i++) await publish("x", `user_${i}`)
  await one.worker.stop()
  for (let i = 0; i < 40; i++) await publish("x", `user_${i}`)
  await two.worker.idle()
  // What the first held may only now have come to the second.
  const counts = async () => Promise.all(Array.from({ length: 40 }, (_, i) => store.getFeature(count, `user_${i}`)))
  await expect.poll(async () => new Set(await counts()).size).toBe(1)
})

test("idle means settled, also when a partition came while a read was under way", async () => {
  const { store, User, bus, start, publish } = setup()
  const count = store.feature("count", {
    entity: User,
    trigger: "seen",
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })
  const { worker: first } = start({ leaseMs: 200 })
  await first.idle()
  const subscribe = bus.subscribe.bind(bus)
  const begin = gate()
  bus.subscribe = async (options) => {
    const subscription = await subscribe(options)
    const read = subscription.read.bind(subscription)
    subscription.read = (readOptions) => begin.promise.then(() => read(readOptions))
    begin.promise.then(() => {
      subscription.read = read
    })
    return subscription
  }
  const { worker: second } = start({ leaseMs: 200, consumer: "second" })
  await until(async () => (await lagOf(bus)).some(({ owner }) => owner === "second"))
  const ids = Array.from({ length: 40 }, (_, i) => `u${i}`)
  for (let i = 0; i < 80; i++) await publish("seen", ids[i % 40] as string)
  await first.idle()
  begin.open()
  await second.idle()
  expect((await store.getFeatures([count], ids)).map(({ features }) => features.count.value)).toEqual(ids.map(() => 2))
})

test("a handler sees what the event changed before it, and free keys live beside features", async () => {
  const { store, User, start, publish } = setup()
  const n = store.feature("n", {
    entity: User,
    trigger: "x",
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })
  const seen = store.feature("seen", {
    entity: User,
    trigger: "x",
    compute: async (id, event, { get, set }) => {
      set("last_event", event.eventId)
      await store.setFeature(`by_store_${event.eventId}`, id, get(n))
      return [
        get(n),
        await store.getFeature(n, id),
        get("last_event"),
        await store.getFeature(`by_store_${event.eventId}`, id),
      ]
    },
  })
  const { worker } = start()
  await publish("x", "ann", {}, "e1")
  await worker.idle()
  expect(await store.getFeature(seen, "ann")).toEqual([1, 1, "e1", 1])
})

test("changing what a handler got changes nothing", async () => {
  const { store, User, start, publish } = setup()
  const list = store.feature("list", {
    entity: User,
    trigger: "x",
    initial: { items: [] as number[] },
    compute: (_id, event, { current }) => {
      current.items.push(1)
      return event.payload.keep ? { items: [...current.items] } : undefined
    },
  })
  const { worker } = start()
  for (const keep of [false, true, false, true]) await publish("x", "ann", { keep })
  await worker.idle()
  expect(await store.getFeature(list, "ann")).toEqual({ items: [1, 1] })
  expect(await store.getFeature(list, "bob")).toEqual({ items: [] })
})

test("a worker is run once, and can be disposed of", async () => {
  const { store, bus } = setup()
  const worker = new AxiomWorker(store, { bus })
  await expect(worker.idle()).rejects.toMatchObject({ code: "invalid_argument" })
  const running = worker.run()
  expect(() => worker.run()).toThrow(/run once/)
  await worker.idle()
  await worker[Symbol.asyncDispose]()
  await running
  await expect(worker.idle()).rejects.toThrow(/not running/)
})
