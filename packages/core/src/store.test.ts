import { FabraError } from "@fabra/events"
import { expect, test } from "vitest"
import type { DirectWrite, WriteResult } from "./cache/cache.js"
import { MemoryFeatureCache } from "./cache/memory-cache.js"
import { FeatureStore } from "./store.js"

function shop(cache = new MemoryFeatureCache()) {
  let now = Date.parse("2026-01-01T00:00:00Z")
  // A millisecond of this clock passes at once: only the order of things matters here.
  const clock = { now: () => now++, random: () => 0, setTimer: (run: () => void) => ({ cancel: clearOf(run) }) }
  const store = new FeatureStore({ cache, clock })
  const User = store.entity("User", { key: "user_id" })
  const plan = store.feature("plan", { entity: User, initial: "free" })
  const note = store.feature<string>("note", { entity: User })
  return { store, cache, User, plan, note }
}

function clearOf(run: () => void) {
  const timer = setImmediate(run)
  return () => clearImmediate(timer)
}

test("set and get, by handle and by name", async () => {
  const { store, plan, note } = shop()
  expect([await store.getFeature(plan, "ann"), await store.getFeature(note, "ann")]).toEqual(["free", undefined])
  await store.setFeature(plan, "ann", "paid")
  await store.setFeature("note", "ann", "hello")
  expect([await store.getFeature("plan", "ann"), await store.getFeature(note, "ann")]).toEqual(["paid", "hello"])
})

test("a feature may have a name that JavaScript has for itself", async () => {
  const { store, User } = shop()
  const odd = store.feature<number>("__proto__", { entity: User })
  await store.setFeature(odd, "ann", 1)
  const { features } = await store.getFeatures([odd], "ann")
  expect(Object.entries(features)).toMatchObject([["__proto__", { value: 1, status: "PRESENT" }]])
})

test("many features of many entities, each with status and times, in one call of the cache", async () => {
  const { store, cache, plan, note } = shop()
  await store.setFeature(plan, "ann", "paid")
  let reads = 0
  const read = cache.read.bind(cache)
  cache.read = (...args) => {
    reads++
    return read(...args)
  }
  const rows = await store.getFeatures([plan, note], ["ann", "bob", "ann"])
  expect(reads).toBe(1)
  expect(rows.map(({ entityId }) => entityId)).toEqual(["ann", "bob", "ann"])
  expect(rows[0]?.features.plan).toEqual({
    value: "paid",
    status: "PRESENT",
    eventTime: null,
    computedAt: new Date("2026-01-01T00:00:00Z"),
  })
  expect(rows[1]?.features).toMatchObject({
    plan: { value: "free", status: "DEFAULT", computedAt: null },
    note: { value: undefined, status: "MISSING" },
  })
  expect(await store.getFeatures([plan], [])).toEqual([])
})

test("bad calls say what is wrong", async () => {
  const { store, plan } = shop()
  const Account = store.entity("Account", { key: "account_id" })
  const other = store.feature("other", { entity: Account })
  await expect(store.getFeature("plam", "ann")).rejects.toThrow(/"plam" is not known.*Did you mean "plan"/)
  await expect(store.setFeature("nothing", "ann", 1)).rejects.toMatchObject({ code: "unknown_feature" })
  await expect(store.getFeature(plan, "")).rejects.toMatchObject({ code: "invalid_argument", path: "entityId" })
  await expect(store.getFeatures([plan], ["ann", ""])).rejects.toMatchObject({ path: "entityIds[1]" })
  await expect(store.getFeatures([plan, other], "ann")).rejects.toThrow(/belong to one entity/)
  await expect(store.getFeatures([], "ann")).rejects.toThrow(/at least one/)
  await expect(store.setFeature(plan, "ann", (() => {}) as never)).rejects.toMatchObject({ code: "invalid_value" })
  expect(await store.getFeature(plan, "ann")).toBe("free")
})

test("a cache is connected once, before it is used", async () => {
  const store = new FeatureStore()
  const cache = new MemoryFeatureCache()
  store.connect({ cache })
  store.connect({ cache })
  expect(store.cache).toBe(cache)
  expect(() => store.connect({ cache: new MemoryFeatureCache() })).toThrow(/has a cache already/)
})

/** Loses the answer to the first write: it was done or not. */
class Forgetful extends MemoryFeatureCache {
  calls = 0
  readonly #applies: boolean
  constructor(applies: boolean) {
    super()
    this.#applies = applies
  }
  override async write(writes: readonly DirectWrite[]): Promise<WriteResult[]> {
    if (this.calls++ > 0) return super.write(writes)
    if (this.#applies) await super.write(writes)
    return writes.map(() => ({ status: "unknown", error: new FabraError("cache_unavailable", "cut") }))
  }
}

test.each([true, false])("R11: a write of unknown outcome is sent again (was applied: %s)", async (applied) => {
  const cache = new Forgetful(applied)
  const { store, plan } = shop(cache)
  await store.setFeature(plan, "ann", "paid")
  expect(cache.calls).toBe(2)
  expect(await store.getFeature(plan, "ann")).toBe("paid")
})

test("a cache that stays away is an error, not a hang", async () => {
  const cache = new MemoryFeatureCache()
  cache.write = async () => [{ status: "unknown", error: new FabraError("cache_unavailable", "cut") }]
  const { store, plan } = shop(cache)
  await expect(store.setFeature(plan, "ann", "paid")).rejects.toMatchObject({ code: "cache_unavailable" })
})
