import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { defineState } from "@fabra/core/adapter"
import { createEvent, FabraError, MemoryEventBus } from "@fabra/events"
import { expect, onTestFinished, test, vi } from "vitest"
import { AxiomWorker, FeatureOwners, handOver } from "../src/index.js"
import { FaultyCache } from "./faulty-cache.js"

const FIRST = Date.UTC(2026, 0, 1)

/** Starts a worker that counts `purchase` in features of these names, and waits until it has nothing to do. */
async function work(
  features: readonly string[],
  { bus = new MemoryEventBus({ partitions: 2 }), cache = new MemoryFeatureCache(), group = "first" } = {},
) {
  const store = new FeatureStore({ cache })
  const User = store.entity("User", { key: "user_id" })
  for (const name of features) {
    store.feature(name, {
      entity: User,
      trigger: "purchase",
      initial: 0,
      compute: (_id, _event, { current }) => current + 1,
    })
  }
  const warn = vi.fn()
  const worker = new AxiomWorker(store, { bus, group, logger: { info: () => {}, warn, error: () => {} } })
  onTestFinished(() => worker.stop())
  const running = worker.run()
  await worker.idle().catch(() => running)
  return { store, bus, cache, warn, stop: () => worker.stop() }
}

const publish = (bus: MemoryEventBus) => bus.publish(createEvent({ eventType: "purchase", entityId: "ann" }))

test("a second consumer group that computes the same feature is refused, told its owner, and counts nothing", async () => {
  const { bus, cache, store } = await work(["total"])
  await publish(bus)
  await expect(work(["other", "total"], { bus, cache, group: "mine" })).rejects.toMatchObject({
    code: "feature_owned",
    message: expect.stringMatching(/^Consumer group "mine" cannot compute feature "total": group "first" does, /),
  })
  await expect.poll(() => store.getFeature("total", "ann")).toBe(1)
  // It claimed nothing, and is no member that would keep events from being trimmed.
  expect([...(await new FeatureOwners(cache).read()).keys()]).toEqual(["total"])
  await expect(bus.lag("mine")).rejects.toMatchObject({ code: "not_found" })
})

test("a second consumer group with features of its own is welcome", async () => {
  const { bus, cache } = await work(["total"])
  await publish(bus)
  const { store, warn } = await work(["other"], { bus, cache, group: "mine" })
  expect(await store.getFeature("other", "ann")).toBe(1)
  expect(warn).not.toHaveBeenCalled()
})

test("a feature that a group has not computed before is said to count from now on, once", async () => {
  const { bus, cache, warn, stop } = await work(["total"])
  await publish(bus)
  expect(warn).not.toHaveBeenCalled()
  await stop()
  const { store, warn: told, stop: stopAgain } = await work(["total", "mean", "last"], { bus, cache })
  expect(told.mock.calls).toEqual([
    [
      { features: ["mean", "last"] },
      'Features "mean", "last" are new: they count from now on, without the events that the group has applied before.',
    ],
  ])
  expect(await store.getFeature("total", "ann")).toBe(1)
  expect(await store.getFeature("mean", "ann")).toBe(0)
  await stopAgain()
  expect((await work(["total", "mean", "last"], { bus, cache })).warn).not.toHaveBeenCalled()
})

test("a group that gets the features of another may compute them, the other no more", async () => {
  const { bus, cache, stop } = await work(["a", "b"])
  await stop()
  await work(["c"], { bus, cache, group: "third" })
  const owners = new FeatureOwners(cache)
  expect(await owners.handOver("first", "mine", FIRST)).toEqual(["a", "b"])
  expect(Object.fromEntries(await owners.read())).toMatchObject({
    a: { group: "mine", since: FIRST },
    c: { group: "third" },
  })
  await expect(work(["a"], { bus, cache })).rejects.toMatchObject({ code: "feature_owned" })
  await work(["a", "b"], { bus, cache, group: "mine" })
})

test("of two groups that claim a feature at the same time one gets it", async () => {
  const owners = new FeatureOwners(new MemoryFeatureCache())
  const claims = ["one", "two", "three"].map((group) => owners.claim(group, ["total", group], FIRST))
  const outcomes = await Promise.allSettled(claims)
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"])
  expect((await owners.read()).size).toBe(2)
})

test("a claim whose outcome is unknown is made again", async () => {
  const cache = new FaultyCache()
  cache.faultsOfNotes.push("lost", "applied but unknown", "throws")
  const { store, bus } = await work(["total"], { cache })
  await publish(bus)
  await expect.poll(() => store.getFeature("total", "ann")).toBe(1)
})

test("after a hand-over each event is applied once, and no worker of the former group can start", async () => {
  const bus = new MemoryEventBus({ partitions: 2 })
  const cache = new MemoryFeatureCache()
  const { stop, store } = await work(["a", "b"], { bus, cache })
  for (let n = 0; n < 5; n++) await publish(bus)
  await expect.poll(() => store.getFeature("a", "ann")).toBe(5)
  await stop()
  await bus.publish(createEvent({ eventType: "other", entityId: "bob" })) // settled by nobody yet
  await expect(handOver({ bus, cache, from: "first", to: "mine" })).rejects.toThrow(/has 1 events not applied/)
  await (await work(["a", "b"], { bus, cache })).stop()

  expect(await handOver({ bus, cache, from: "first", to: "mine" })).toEqual(["a", "b"])
  expect(await bus.groups()).toEqual(["mine"])
  await expect(work(["a"], { bus, cache })).rejects.toMatchObject({ code: "feature_owned" })
  await publish(bus)
  await work(["a", "b"], { bus, cache, group: "mine" })
  expect(await store.getFeature("a", "ann")).toBe(6)
})

test("a hand-over is refused while the group has workers, to a group that is there, and of a group without features", async () => {
  const { bus, cache } = await work(["a"])
  await work(["b"], { bus, cache, group: "second" })
  const refused = (from: string, to: string) => expect(handOver({ bus, cache, from, to })).rejects
  await refused("first", "mine").toThrow(/worker ".+" of group "first" runs; stop it first/)
  await refused("first", "second").toThrow(/group "second" is there already/)
  await refused("third", "mine").toMatchObject({ code: "not_found" })
  await refused("first", "no way").toMatchObject({ code: "invalid_name" })
  // As before: nothing was handed over.
  expect(await new FeatureOwners(cache).of("first")).toEqual(["a"])
  expect(await bus.groups()).toEqual(["first", "second"])
})

/** Fails at its n-th call, as if the process had died there; what has happened before stays. */
class Dies {
  calls = 0
  constructor(readonly at: number) {}
  wrap<Target extends object>(target: Target, names: readonly (keyof Target & string)[]): Target {
    return new Proxy(target, {
      get: (of, name) => {
        const value = Reflect.get(of, name)
        if (typeof value !== "function") return value
        return (...args: unknown[]) => {
          if ((names as readonly string[]).includes(String(name)) && ++this.calls >= this.at) {
            throw new FabraError("bus_unavailable", "died")
          }
          return value.apply(of, args)
        }
      },
    })
  }
}

test("a hand-over that dies anywhere is finished by the next, and until then neither group counts", async () => {
  for (let at = 1; ; at++) {
    const bus = new MemoryEventBus({ partitions: 2 })
    const cache = new MemoryFeatureCache()
    const { stop, store } = await work(["a"], { bus, cache })
    await publish(bus)
    await expect.poll(() => store.getFeature("a", "ann")).toBe(1)
    await stop()
    const dies = new Dies(at)
    const mortal = {
      bus: dies.wrap(bus, ["groups", "lag", "checkpoints", "subscribe", "removeGroup"]),
      cache: dies.wrap(cache, ["load", "commit"]),
    }
    const isDone = await handOver({ ...mortal, from: "first", to: "mine" }).then(
      () => true,
      () => false,
    )
    await publish(bus)
    if (!isDone) {
      const owner = [...(await new FeatureOwners(cache).read()).values()][0]?.group
      if (owner === "~first~mine") {
        for (const group of ["first", "mine"]) {
          await expect(work(["a"], { bus, cache, group })).rejects.toThrow(
            /was interrupted. Run `fabra group hand-over/,
          )
        }
      }
      // Before its first step the former group goes on; and has one more event to apply.
      if (owner === "first") await (await work(["a"], { bus, cache })).stop()
      if (owner !== "mine") await handOver({ bus, cache, from: "first", to: "mine" })
    }
    await work(["a"], { bus, cache, group: "mine" })
    expect(await store.getFeature("a", "ann"), `died at call ${at}`).toBe(2)
    if (isDone) break
  }
})

test("a second consumer group with a state of the same name is refused, whatever its features are called", async () => {
  const [bus, cache] = [new MemoryEventBus({ partitions: 2 }), new MemoryFeatureCache()]
  const count = async (feature: string, group: string) => {
    const store = new FeatureStore({ cache })
    defineState(store, "visits", {
      entity: store.entity("User", { key: "user_id" }),
      trigger: "visit",
      fields: ["n"],
      update(state) {
        state.set("n", String(Number(state.get("n") ?? 0) + 1))
        return true
      },
      features: { [feature]: { fields: ["n"], about: "visits", finish: () => undefined } },
    })
    const worker = new AxiomWorker(store, { bus, group, logger: { info: () => {}, warn: () => {}, error: () => {} } })
    onTestFinished(() => worker.stop())
    const running = worker.run()
    await worker.idle().catch(() => running)
  }
  await count("visits_a", "first")
  await expect(count("visits_b", "second")).rejects.toMatchObject({ code: "feature_owned" })
})
