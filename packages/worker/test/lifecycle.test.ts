import { type FeatureCache, MemoryFeatureCache } from "@fabra/core"
import type { EntityRecord } from "@fabra/core/adapter"
import { FabraError, MemoryEventBus } from "@fabra/events"
import type { StoreWarning, SubscribeOptions } from "@fabra/events/adapter"
import { gate, silent } from "@fabra/test-support"
import { expect, test } from "vitest"
import { FaultyCache } from "./faulty-cache.js"
import { ids, setup, withChain } from "./support.js"

test("stop finishes what is in flight, or hands it back after the deadline", async () => {
  const { store, User, start, publish } = setup()
  const entered = gate()
  const go = gate()
  let runs = 0
  const n = store.feature("n", {
    entity: User,
    trigger: "x",
    initial: 0,
    compute: async (id, _event, { current }) => {
      if (++runs === 2) entered.open()
      if (id === "ann") await go.promise
      else await new Promise((resolve) => setTimeout(resolve, 5))
      return current + 1
    },
  })
  const first = start({ drainMs: 30 })
  await publish("x", "ann")
  await publish("x", "bob")
  await entered.promise
  await first.worker.stop()
  await first.running
  expect(await store.getFeature(n, "bob")).toBe(1)
  expect(await store.getFeature(n, "ann")).toBe(0)
  go.open()
  const second = start()
  await second.worker.idle()
  expect(await store.getFeature(n, "ann")).toBe(1)
})

test("a worker rides out a cache that does not answer for a while", async () => {
  const cache = new FaultyCache()
  const { chain, store, start, publish } = withChain({ cache })
  const load = cache.load.bind(cache)
  let down = true
  cache.load = async (...args) => {
    if (down) throw new FabraError("cache_unavailable", "cut")
    return load(...args)
  }
  const { worker } = start()
  for (const id of ids(3)) await publish("x", "ann", {}, id)
  setTimeout(() => {
    down = false
  }, 20)
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(ids(3))
})

test("a fault of our own ends run() with an error, never silently", async () => {
  const cache = new MemoryFeatureCache()
  const { start, publish } = withChain({ cache })
  const { running } = start()
  ;(cache as FeatureCache).load = async () => [undefined as unknown as EntityRecord]
  await publish("x", "ann")
  await expect(running).rejects.toMatchObject({ code: "internal" })
})

test.each([
  ["none", 1],
  ["confirmed", 0],
] as const)("a bus whose reads are durable: %s, is warned of %d times at start", async (durableReads, times) => {
  class Leaky extends MemoryEventBus {
    override readonly capabilities = { ...new MemoryEventBus().capabilities, name: "leaky", durableReads }
  }
  const { start } = setup({ bus: new Leaky() })
  const warned: string[] = []
  const { worker } = start({ logger: { ...silent, warn: (_fields, message) => warned.push(message) } })
  await worker.idle()
  expect(
    warned.filter((message) => message.startsWith("The bus (leaky) shows events that it may still lose")),
  ).toHaveLength(times)
})

test("what bus and cache both say of the one server they are on is said once", async () => {
  class Bus extends MemoryEventBus {
    override async subscribe(options: SubscribeOptions) {
      options.onNotice?.({ code: "store_not_durable", level: "warn", message: "no file", where: "here" })
      options.onNotice?.({ code: "engine_too_old", level: "warn", message: "too old" })
      return super.subscribe(options)
    }
  }
  class Cache extends MemoryFeatureCache {
    override check = async (): Promise<StoreWarning[]> => [
      { code: "store_not_durable", where: "here", message: "no file, in other words" },
      { code: "store_not_durable", where: "there", message: "no file there" },
      { code: "store_evicts", where: "here", message: "evicts" },
    ]
  }
  const said: string[] = []
  const { start } = setup({ bus: new Bus(), cache: new Cache() })
  const { worker } = start({ logger: { ...silent, warn: (_fields, message) => said.push(message) } })
  await worker.idle()
  await expect.poll(() => said).toEqual(["no file", "too old", "no file there", "evicts"])
})

test("a partition that comes back while its last session still stores a checkpoint is worked on", async () => {
  const bus = new MemoryEventBus({ partitions: 1 })
  const subscribe = bus.subscribe.bind(bus)
  const asked = gate()
  const answer = gate()
  let given: SubscribeOptions | undefined
  bus.subscribe = async (options) => {
    given = options
    const subscription = await subscribe(options)
    subscription.checkpoint = async () => {
      asked.open()
      await answer.promise
    }
    return subscription
  }
  const { chain, store, start, publish } = withChain({ bus })
  const { worker } = start({ rollbackMarginMs: 0 })
  await publish("x", "ann", {}, "e1")
  await worker.idle()
  const revoked = given?.onRevoked(0)
  await asked.promise
  given?.onLost(0)
  given?.onAssigned({ partition: 0, checkpoint: null, quarantineUntil: null })
  answer.open()
  await revoked
  await publish("x", "ann", {}, "e2")
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(["e1", "e2"])
})

test("R5: an unreadable event is not passed over before its dead letter is durable", async () => {
  const bus = new MemoryEventBus({ partitions: 1 })
  const subscribe = bus.subscribe.bind(bus)
  bus.subscribe = async (options) => {
    const subscription = await subscribe(options)
    const read = subscription.read.bind(subscription)
    subscription.read = async (how) =>
      (await read(how)).map((batch) => ({
        ...batch,
        records: batch.records.map((record) => ({ ...record, data: record.data.includes("e1") ? "{" : record.data })),
      }))
    return subscription
  }
  const append = bus.deadLetters.append.bind(bus.deadLetters)
  const asked = gate()
  bus.deadLetters.append = () => {
    asked.open()
    return new Promise(() => {})
  }
  const { start, publish } = withChain({ bus })
  await publish("x", "ann", {}, "e1")
  const first = start({ rollbackMarginMs: 0, drainMs: 30 })
  await asked.promise
  await first.worker.stop()
  bus.deadLetters.append = append
  const { worker } = start()
  await worker.idle()
  expect((await bus.deadLetters.list()).entries).toMatchObject([{ reason: "invalid_event" }])
})
