import { beforeEach, expect, test } from "vitest"
import type { FeatureCache } from "../cache/cache.js"
import { MemoryFeatureCache } from "../cache/memory-cache.js"
import type { ReadContext } from "../feature/computed-feature.js"
import type { Duration } from "../feature/duration.js"
import type { Feature } from "../feature/feature.js"
import { FeatureStore } from "../store.js"
import { runInTransaction } from "../transaction.js"

let now: number
let timers: (() => void)[]
beforeEach(() => {
  now = Date.parse("2026-01-01T00:00:00Z")
  timers = []
})
const clock = {
  now: () => now,
  random: () => 0,
  setTimer(run: () => void, ms: number) {
    // Short waits pass at once; a time-out comes when the test says so.
    if (ms >= 1000) timers.push(run)
    else setImmediate(run)
    return { cancel: () => {} }
  },
}

/** A store as another process would have it: of its own, on the same cache. */
function shop(cache: FeatureCache = new MemoryFeatureCache()) {
  const store = new FeatureStore({ cache, clock })
  const User = store.entity("User", { key: "user_id" })
  const spent = store.feature<number, "spent">("spent", { entity: User })
  return { store, cache, User, spent }
}

/** Counts the calls of a cache's `read`. */
function countReads(cache: FeatureCache) {
  const count = { reads: 0 }
  const read = cache.read.bind(cache)
  cache.read = (...args) => {
    count.reads++
    return read(...args)
  }
  return count
}

test("a feature without trigger is computed when it is read, from the input and other features, in one round trip", async () => {
  const { store, cache, User, spent } = shop()
  const limit = store.feature("limit", {
    entity: User,
    compute: async (_id, { get }) => ((await get(spent)) ?? 0) + 10,
  })
  const fits = store.feature("fits", {
    entity: User,
    compute: async (_id, { get, input }) => (await get(limit)) === 12 && (input.amount as number) <= 12,
  })
  await store.setFeature(spent, "ann", 2)
  const count = countReads(cache)
  const rows = await store.getFeatures([fits, spent, limit], ["ann", "bob"], { input: { amount: 11 } })
  expect(count.reads).toBe(1)
  expect(rows.map(({ features }) => [features.fits.value, features.spent.value, features.limit.value])).toEqual([
    [true, 2, 12],
    [false, undefined, 10],
  ])
  expect(rows[0]?.features.fits).toMatchObject({ status: "PRESENT", eventTime: null, computedAt: new Date(now) })
  expect(await store.getFeature(fits, "ann", { input: { amount: 13 } })).toBe(false)
  expect(await store.getFeature("fits", "ann", { input: { amount: 1 } })).toBe(true)
})

test("what throws, takes too long or asks for itself fails the read with its name", async () => {
  const { store, User } = shop()
  const bad = store.feature("bad", { entity: User, compute: () => Promise.reject(new Error("no luck")) })
  const odd = store.feature("odd", { entity: User, compute: () => Number.NaN })
  const slow = store.feature("slow", { entity: User, compute: () => new Promise<number>(() => {}) })
  const a = store.feature("a", { entity: User, compute: (_id, { get }) => get("b") })
  const b = store.feature("b", { entity: User, refresh: "1m", compute: (_id, { get }) => get("a") })
  await expect(store.getFeature(bad, "ann")).rejects.toMatchObject({ code: "feature_failed", path: "bad" })
  await expect(store.getFeature(bad, "ann")).rejects.toThrow(/"bad" could not be computed: no luck/)
  await expect(store.getFeature(odd, "ann")).rejects.toThrow(/"odd" is NaN/)
  for (const features of [[a], [b], [a, b], [b, a]]) {
    await expect(store.getFeatures(features, "ann")).rejects.toThrow(/computed from itself/)
  }
  const waiting = store.getFeature(slow, "ann")
  for (const fire of timers) fire()
  await expect(waiting).rejects.toThrow(/"slow" took longer than 30000 ms/)
})

test("features that catch that they ask for themselves have a value, and spoil none that asks for them", async () => {
  const { store, User } = shop()
  const ask =
    (name: string) =>
    async (_id: string, { get }: ReadContext) =>
      ((await get(name).catch(() => 0)) as number) + 1
  const a = store.feature("a", { entity: User, compute: ask("b") })
  const b = store.feature("b", { entity: User, compute: ask("a") })
  const third = store.feature("third", { entity: User, compute: ask("a") })
  const fourth = store.feature("fourth", { entity: User, compute: ask("third") })
  for (const features of [
    [a, b, third, fourth],
    [third, a],
    [fourth, b, a],
  ]) {
    const { features: values } = await store.getFeatures(features, "ann")
    expect(Object.values(values).map(({ status }) => status)).toEqual(features.map(() => "PRESENT"))
  }
  const read = async (...features: Feature[]) => {
    const { features: values } = await store.getFeatures(features, "ann")
    return features.map(({ name }) => values[name]?.value)
  }
  expect(await read(a, b, third, fourth)).toEqual([2, 1, 3, 4])
})

test("there may be no value, or a default", async () => {
  const { store, User } = shop()
  const none = store.feature("none", { entity: User, compute: () => undefined })
  const some = store.feature("some", { entity: User, default: 7, compute: (): number | undefined => undefined })
  const { features } = await store.getFeatures([none, some], "ann")
  expect(features).toMatchObject({ none: { status: "MISSING" }, some: { value: 7, status: "DEFAULT" } })
})

test("other entities, other types and sets are refused with the reason", async () => {
  const { store } = shop()
  const Account = store.entity("Account", { key: "account_id" })
  const other = store.feature("other", { entity: Account, compute: (_id, { get }) => get<number>("spent") })
  await expect(store.getFeature(other, "a")).rejects.toThrow(/"spent" belongs to User, "other" to Account/)
  await expect(store.setFeature(other, "a", 1)).rejects.toThrow(/computed when it is read/)
})

test("inside a handler it sees what the handler's transaction has changed", async () => {
  const { store, User, spent } = shop()
  const double = store.feature("double", {
    entity: User,
    compute: async (_id, { get }) => 2 * ((await get(spent)) ?? 0),
  })
  const key = { entityType: "User", entityId: "ann" }
  const inside = { key, get: () => 21, set: () => {} }
  expect(await runInTransaction(inside as never, () => store.getFeature(double, "ann"))).toBe(42)
  const keptOne = store.feature("kept_one", {
    entity: User,
    refresh: "1m",
    compute: async (_id, { get }) => [await get(spent)],
  })
  await store.setFeature(spent, "ann", 1)
  expect(await runInTransaction(inside as never, () => store.getFeature(keptOne, "ann"))).toEqual([1])
})

/** A kept feature in a process of its own: how often was it computed, with what result? */
function keeper(cache: FeatureCache, more: { staleWhileRevalidate?: boolean; ttl?: Duration } = {}) {
  const { store, User, spent } = shop(cache)
  const process = { store, spent, runs: 0, compute: async (): Promise<number | undefined> => 0 }
  const score = store.feature("score", {
    entity: User,
    refresh: "5m",
    ...more,
    compute: (_id, { input }) => {
      expect(input).toEqual({})
      process.runs++
      return process.compute()
    },
  })
  const read = async () => {
    const { features } = await store.getFeatures([score], "ann", { input: { mine: true } })
    return [features.score.value, features.score.status]
  }
  return Object.assign(process, { read })
}

test("with refresh a value is kept for so long, for every process", async () => {
  const cache = new MemoryFeatureCache()
  const [one, two] = [keeper(cache), keeper(cache)]
  one.compute = async () => 1
  two.compute = async () => 2
  expect(await one.read()).toEqual([1, "PRESENT"])
  now += 299_999
  expect([await one.read(), await two.read()]).toEqual([
    [1, "PRESENT"],
    [1, "PRESENT"],
  ])
  now += 1
  expect([await two.read(), await one.read()]).toEqual([
    [2, "PRESENT"],
    [2, "PRESENT"],
  ])
  expect([one.runs, two.runs]).toEqual([1, 1])
})

test("readers at the same time compute once, in whatever process they are", async () => {
  const cache = new MemoryFeatureCache()
  const processes = Array.from({ length: 5 }, () => keeper(cache))
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  for (const process of processes) process.compute = () => gate.then(() => 3)
  const reads = processes.flatMap(({ read }) => [read(), read(), read()])
  for (let round = 0; round < 20; round++) await new Promise(setImmediate)
  expect(processes.reduce((sum, { runs }) => sum + runs, 0)).toBe(1)
  await processes[0]?.store.setFeature("spent", "ann", 5) // a write from elsewhere does not undo it
  release()
  expect(await Promise.all(reads)).toEqual(Array(15).fill([3, "PRESENT"]))
  expect(processes.reduce((sum, { runs }) => sum + runs, 0)).toBe(1)
  expect(await processes[0]?.store.getFeature("spent", "ann")).toBe(5)
})

test("a claim whose owner died holds up nobody for longer than its time-out", async () => {
  const cache = new MemoryFeatureCache()
  const [dead, alive] = [keeper(cache), keeper(cache)]
  dead.compute = () => new Promise(() => {})
  alive.compute = async () => 4
  void dead.read()
  for (let round = 0; round < 5; round++) await new Promise(setImmediate)
  const read = alive.read()
  for (let round = 0; round < 5; round++) await new Promise(setImmediate)
  expect(alive.runs).toBe(0)
  now += 30_000
  expect(await read).toEqual([4, "PRESENT"])
})

test("a value that cannot be renewed is served as it is until it is gone", async () => {
  const process = keeper(new MemoryFeatureCache(), { ttl: "10m" })
  process.compute = async () => 1
  await process.read()
  process.compute = () => Promise.reject(new Error("no luck"))
  now += 400_000
  expect(await process.read()).toEqual([1, "STALE"])
  now += 200_000
  await expect(process.read()).rejects.toThrow(/no luck/)
  process.compute = async () => 2 // the claim of the one that failed is gone
  expect(await process.read()).toEqual([2, "PRESENT"])
})

test("stale while revalidate, if asked for", async () => {
  const process = keeper(new MemoryFeatureCache(), { staleWhileRevalidate: true })
  process.compute = async () => 1
  expect(await process.read()).toEqual([1, "PRESENT"]) // the first has nothing else
  process.compute = async () => 2
  now += 300_000
  expect(await process.read()).toEqual([1, "STALE"])
  for (let round = 0; round < 5; round++) await new Promise(setImmediate)
  expect(await process.read()).toEqual([2, "PRESENT"])
})

test("maxAge and ttl, of any feature", async () => {
  const { store, User } = shop()
  const plan = store.feature("plan", { entity: User, initial: "free", maxAge: "1m", ttl: "1h" })
  const shown = store.feature("shown", { entity: User, ttl: "1h", default: "?" })
  const read = async () => {
    const { features } = await store.getFeatures([plan, shown], "ann")
    return [features.plan.value, features.plan.status, features.shown.value, features.shown.status]
  }
  expect(await read()).toEqual(["free", "DEFAULT", "?", "DEFAULT"])
  await store.setFeature(plan, "ann", "paid")
  await store.setFeature(shown, "ann", "yes")
  now += 60_000
  expect(await read()).toEqual(["paid", "PRESENT", "yes", "PRESENT"])
  now += 1
  expect(await read()).toEqual(["paid", "STALE", "yes", "PRESENT"])
  now += 3_600_000 - 60_002
  expect(await read()).toEqual(["paid", "STALE", "yes", "PRESENT"])
  now += 1
  expect(await read()).toEqual(["free", "DEFAULT", "?", "DEFAULT"])
})
