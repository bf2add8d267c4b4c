import { MemoryFeatureCache } from "@fabra/core"
import type { CommitResult, EntityChange, EntityKey, EntityRecord } from "@fabra/core/adapter"
import { createEvent, FabraError, MemoryEventBus } from "@fabra/events"
import { decodeEvent, replayEvent, type SubscribeOptions } from "@fabra/events/adapter"
import { gate, silent, until } from "@fabra/test-support"
import { expect, test, vi } from "vitest"
import { FaultyCache } from "./faulty-cache.js"
import { ids, lagOf, setup, withChain } from "./support.js"

test.each(["lost", "applied but unknown", "throws"] as const)(
  "R8: a commit of unknown outcome (%s) is settled by looking, not by guessing",
  async (fault) => {
    const cache = new FaultyCache()
    const { chain, store, start, publish } = withChain({ cache })
    cache.faults.push(fault, fault)
    const { worker } = start()
    for (const id of ids(5)) await publish("x", "ann", {}, id)
    await worker.idle()
    expect(await store.getFeature(chain, "ann")).toEqual(ids(5))
  },
)

test("R9: a conflict runs the handler again on the new value and is no attempt of it", async () => {
  const { store, User, start, publish } = setup()
  const entered = gate()
  const go = gate()
  const attempts: number[] = []
  const total = store.feature("total", {
    entity: User,
    trigger: "x",
    maxRetries: 0,
    initial: 0,
    compute: async (_id, _event, { current, attempt }) => {
      attempts.push(attempt)
      entered.open()
      await go.promise
      return current + 1
    },
  })
  const { worker } = start()
  await publish("x", "ann")
  await entered.promise
  await store.setFeature(total, "ann", 100) // while the handler runs
  go.open()
  await worker.idle()
  expect(await store.getFeature(total, "ann")).toBe(101)
  expect(attempts).toEqual([1, 1])
})

test("two handlers that write to each other's entity keep neither timers nor each other from going on", async () => {
  const { store, User, start, bus } = setup()
  let runs = 0
  store.feature("friend_seen", { entity: User })
  const n = store.feature("n", {
    entity: User,
    trigger: "met",
    initial: 0,
    compute: async (id, event, { current }) => {
      runs++
      const { friend } = event.payload as { friend: string }
      await store.setFeature("friend_seen", friend, id, { outsideTransaction: true })
      return current + 1
    },
  })
  const { worker } = start()
  const met = (entityId: string, friend: string) => createEvent({ eventType: "met", entityId, payload: { friend } })
  await bus.publish([met("ann", "bob"), met("bob", "ann")])
  await worker.idle()
  expect(await store.getFeatures([n], ["ann", "bob"])).toMatchObject([
    { features: { n: { value: 1 } } },
    { features: { n: { value: 1 } } },
  ])
  expect(runs).toBeLessThan(1000)
})

test("an entity that others change all the time is named", async () => {
  const { cache, store, User, start, publish } = setup()
  let changes = 15
  const n = store.feature("n", {
    entity: User,
    trigger: "x",
    initial: 0,
    compute: async (entityId, _event, { current }) => {
      const write = { key: { entityType: "User", entityId }, token: `w${changes}`, values: new Map() }
      if (changes-- > 0) await cache.write([write])
      return current + 1
    },
  })
  const warn = vi.fn()
  const { worker } = start({ logger: { ...silent, warn } })
  await publish("x", "ann")
  await worker.idle()
  expect(await store.getFeature(n, "ann")).toBe(1)
  expect(warn.mock.calls).toEqual([
    [
      { entity_type: "User", entity_id: "ann", conflicts: 13 },
      "An entity is changed by others each time its events are computed; trying again.",
    ],
  ])
})

/** Two members that both hold every partition, as after a stall past the lease. */
class TwoOwners extends MemoryEventBus {
  override subscribe(options: SubscribeOptions) {
    return super.subscribe({ ...options, group: options.consumer })
  }
}

test("two owners of one partition: the late commit of a deposed one changes nothing that is not in order", async () => {
  const bus = new TwoOwners({ partitions: 2 })
  const { store, User, start } = setup({ bus })
  const chain = store.feature("chain", {
    entity: User,
    trigger: "x",
    initial: [] as string[],
    compute: async (_id, event, { current }) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
      return [...current, event.eventId]
    },
  })
  const workers = [start(), start(), start()]
  const sent = ids(40)
  for (const eventId of sent)
    await bus.publish(createEvent({ eventType: "x", entityId: `u${Number(eventId.slice(1)) % 3}`, eventId }))
  await Promise.all(workers.map(({ worker }) => worker.idle()))
  for (const k of [0, 1, 2]) {
    expect(await store.getFeature(chain, `u${k}`)).toEqual(sent.filter((id) => Number(id.slice(1)) % 3 === k))
  }
})

test("what an earlier owner settled is skipped by its mark when a partition is read again", async () => {
  const { chain, store, start, publish, bus } = withChain({ bus: new MemoryEventBus({ partitions: 1 }) })
  const first = start({ rollbackMarginMs: 3_600_000 }) // no checkpoint is ever stored
  for (const id of ids(10)) await publish("x", "ann", {}, id)
  await first.worker.idle()
  await first.worker.stop()
  expect((await bus.lag("fabra_workers"))[0]?.events).toBe(10)
  const second = start()
  await publish("x", "ann", {}, "e11")
  await second.worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(ids(11))
})

/** A cache that can be set back to an earlier moment, as by a fail-over to a replica that lagged. */
class RestorableCache extends FaultyCache {
  #snapshot: MemoryFeatureCache | undefined
  #rolledBack: MemoryFeatureCache | undefined

  async snapshot(keys: readonly EntityKey[], groups: readonly string[]) {
    this.#snapshot = new MemoryFeatureCache()
    for (const group of groups) {
      for (const { key, version, state, values } of await this.load(keys, group)) {
        if (version === null) continue
        const change = { key, group, baseVersion: null, token: "restored", state: state ?? "", values }
        await this.#snapshot.commit([{ ...change }])
      }
    }
  }
  rollBack() {
    this.#rolledBack = this.#snapshot
  }
  override load(keys: readonly EntityKey[], group: string): Promise<EntityRecord[]> {
    return this.#rolledBack?.load(keys, group) ?? super.load(keys, group)
  }
  override commit(changes: readonly EntityChange[]): Promise<CommitResult[]> {
    return this.#rolledBack?.commit(changes) ?? super.commit(changes)
  }
  override read(keys: readonly EntityKey[], features: readonly string[]) {
    return this.#rolledBack?.read(keys, features) ?? super.read(keys, features)
  }
}

test("R2: a record that is behind what was seen settled makes the partition be read again from its checkpoint", async () => {
  const cache = new RestorableCache()
  const { chain, store, start, publish } = withChain({ cache, bus: new MemoryEventBus({ partitions: 1 }) })
  const { worker } = start({ rollbackMarginMs: 3_600_000 })
  await publish("x", "ann", {}, "e1")
  await worker.idle()
  await cache.snapshot([{ entityType: "User", entityId: "ann" }], ["fabra_workers"])
  await publish("x", "ann", {}, "e2")
  await publish("x", "ann", {}, "e3")
  await worker.idle()
  cache.rollBack() // e2 and e3 are gone from the record
  await publish("x", "ann", {}, "e4")
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(ids(4))
})

/** A bus whose next read, once told to hold, has its answer but gives it only after a seek. */
class HoldsReads extends MemoryEventBus {
  hold = false
  override async subscribe(options: SubscribeOptions) {
    const subscription = await super.subscribe(options)
    const sought = gate()
    const read = subscription.read.bind(subscription)
    subscription.read = async (how) => {
      const batches = await read(how)
      if (this.hold && batches.length > 0) await sought.promise
      return batches
    }
    const seek = subscription.seek.bind(subscription)
    subscription.seek = (partition, position) => {
      seek(partition, position)
      this.hold = false
      sought.open()
    }
    return subscription
  }
}

test("R4: what was read for a generation that has ended meanwhile is not taken for the next one", async () => {
  const cache = new RestorableCache()
  const bus = new HoldsReads({ partitions: 1 })
  const { chain, store, start, publish } = withChain({ cache, bus })
  const { worker } = start({ rollbackMarginMs: 3_600_000 })
  await publish("x", "ann", {}, "e1")
  await worker.idle()
  await cache.snapshot([{ entityType: "User", entityId: "ann" }], ["fabra_workers"])
  await publish("x", "ann", {}, "e2")
  await worker.idle()
  cache.rollBack()
  const commit = cache.commit.bind(cache)
  cache.commit = async (changes) => {
    cache.commit = commit
    bus.hold = true
    await publish("x", "ann", {}, "e4") // is read, and held, while this commit finds that the cache was rolled back
    await new Promise((resolve) => setTimeout(resolve, 20))
    return commit(changes)
  }
  await publish("x", "ann", {}, "e3")
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(ids(4))
})

/** A bus whose subscriptions begin to read when they are let, and then of whatever partitions they have. */
class ReadsLate extends MemoryEventBus {
  readonly go = gate()
  /** Called when a subscription has read something for the first time. */
  onFirst = async () => {}
  override async subscribe(options: SubscribeOptions) {
    const subscription = await super.subscribe(options)
    const read = subscription.read.bind(subscription)
    subscription.read = async (how) => {
      await this.go.promise
      const batches = await read(how)
      if (batches.length > 0) {
        subscription.read = read
        await this.onFirst()
      }
      return batches
    }
    return subscription
  }
}

test("R4: what was read of a partition that came after the read was asked for is read again", async () => {
  const bus = new ReadsLate({ partitions: 4 })
  const { chain, store, start, publish } = withChain({ bus })
  const users = Array.from({ length: 12 }, (_, i) => `user_${i}`)
  let round = 0
  bus.onFirst = async () => {
    const id = `e${++round}`
    for (const user of users) await publish("x", user, {}, `${id}-${user}`)
  }
  await bus.onFirst()
  const workers = [start({ leaseMs: 200 }), start({ leaseMs: 200 })]
  await until(async () => new Set((await lagOf(bus)).map(({ owner }) => owner)).size === 2)
  bus.go.open()
  await until(() => round === 3)
  await Promise.all(workers.map(({ worker }) => worker.idle()))
  for (const user of users) expect(await store.getFeature(chain, user)).toEqual(ids(3).map((id) => `${id}-${user}`))
})

test("an event that changed nothing before a half-done one is not run again by the next owner", async () => {
  const { store, User, publish, start } = setup({ bus: new MemoryEventBus({ partitions: 1 }) })
  const list = { entity: User, trigger: "x", initial: [] as string[] }
  const runs: string[] = []
  const a = store.feature("a", {
    ...list,
    compute: (_id, event, { current }) => {
      runs.push(event.eventId)
      return event.eventId === "e2" ? undefined : [...current, event.eventId]
    },
  })
  let fails = true
  const b = store.feature("b", {
    ...list,
    compute: (_id, event, { current }) => {
      if (event.eventId === "e2") return undefined
      if (event.eventId === "e3" && fails) throw new Error("not yet")
      return [...current, event.eventId]
    },
  })
  const first = start({ retryBaseMs: 3_600_000, retryMaxMs: 3_600_000, drainMs: 0, rollbackMarginMs: 3_600_000 })
  for (const id of ids(2)) {
    await publish("x", "ann", {}, id)
    await first.worker.idle()
  }
  await publish("x", "ann", {}, "e3")
  await until(async () => (await store.getFeature(a, "ann")).length === 2)
  await first.worker.stop()
  fails = false
  await start().worker.idle()
  expect(await store.getFeature(a, "ann")).toEqual(["e1", "e3"])
  expect(await store.getFeature(b, "ann")).toEqual(["e1", "e3"])
  expect(runs).toEqual(ids(3))
})

test("R3: nothing is checkpointed past a cache that is not the one that confirmed it", async () => {
  const cache = new FaultyCache()
  const { start, publish, bus } = withChain({ cache, bus: new MemoryEventBus({ partitions: 1 }) })
  const { worker } = start()
  cache.valid = false
  for (const id of ids(3)) await publish("x", "ann", {}, id)
  await worker.idle()
  await worker.stop()
  expect((await bus.lag("fabra_workers"))[0]?.events).toBe(3)
})

test("R1: a replay without its flag, and one for another group, change nothing", async () => {
  const { chain, store, start, publish, bus } = withChain()
  const { worker } = start()
  await publish("x", "ann", {}, "e1")
  await worker.idle()
  const letter = {
    group: "fabra_workers",
    partition: 0,
    position: "1",
    features: ["chain"],
    attempts: 1,
    firstFailedAt: 0,
    reason: "handler_failed" as const,
    error: { name: "Error", message: "" },
    lastFailedAt: 0,
    data: JSON.stringify({ event_id: "e1", event_type: "x", entity_id: "ann", timestamp: 0, payload: {} }),
  }
  await bus.publish(replayEvent(letter))
  await bus.publish(replayEvent({ ...letter, group: "others" }))
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(["e1"])
})

test("R5: the mark does not pass a failed feature before its dead letter is durable", async () => {
  const { store, User, start, publish, bus } = setup()
  store.feature("bad", {
    entity: User,
    trigger: "x",
    maxRetries: 0,
    compute: () => {
      throw new Error("no luck")
    },
  })
  const open = gate()
  const append = bus.deadLetters.append.bind(bus.deadLetters)
  let tries = 0
  bus.deadLetters.append = async (entries) => {
    tries++
    if (tries === 1) throw new FabraError("bus_unavailable", "cut")
    await open.promise
    return append(entries)
  }
  const { worker } = start()
  await publish("x", "ann", {}, "e1")
  await until(() => tries === 2)
  const load = async () => (await store.cache.load([{ entityType: "User", entityId: "ann" }], "fabra_workers"))[0]
  expect(await load()).toMatchObject({ version: null })
  open.open()
  await worker.idle()
  expect([...((await load())?.flags ?? [])]).toEqual(["dead:bad/e1"])
  expect(decodeEvent((await bus.deadLetters.list()).entries[0]?.data ?? "")).toMatchObject({ eventId: "e1" })
})
