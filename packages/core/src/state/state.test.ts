import { FabraError } from "@fabra/events"
import { expect, test } from "vitest"
import { MemoryFeatureCache } from "../cache/memory-cache.js"
import { FeatureStore } from "../store.js"
import { defineState } from "./define-state.js"
import { fieldName, type StateOptions } from "./state.js"

/** A state of two fields with a feature of each and one of both; `at` is the time that readers see. */
function shop() {
  let now = 1000
  const cache = new MemoryFeatureCache()
  const store = new FeatureStore({
    cache,
    clock: { now: () => now, random: Math.random, setTimer: () => ({ cancel() {} }) },
  })
  const User = store.entity("User", { key: "user_id" })
  const made: string[] = []
  const options: StateOptions = {
    entity: User,
    trigger: "login",
    fields: ["first", "last"],
    update: () => true,
    features: {
      since_first: sinceOf("first"),
      since_last: sinceOf("last"),
      span: {
        about: "time between the first and the last login",
        fields: ["first", "last"],
        default: 0,
        finish(state) {
          const [first, last] = ["first", "last"].map((field) => Number(state.get(field)))
          const value = state.once("span", () => {
            made.push("span")
            return (last as number) - (first as number)
          })
          return Number.isNaN(value) ? undefined : { value, eventTime: last as number, toleranceMs: 3 }
        },
      },
    },
  }
  const features = defineState(store, "logins", options)
  const set = (field: string, text: string, entityId = "ann") => {
    const values = new Map([[fieldName("logins", field), { text, eventTime: 1, computedAt: now }]])
    return cache.write([{ key: { entityType: "User", entityId }, token: `${field}${text}`, values }])
  }
  return { store, cache, User, features, options, set, made, at: (time: number) => (now = time) }
}

function sinceOf(field: string): StateOptions["features"][string] {
  return {
    about: `time since the ${field} login`,
    fields: [field],
    finish(state, at) {
      const text = state.get(field)
      return text === undefined ? undefined : { value: at - Number(text), eventTime: Number(text), toleranceMs: 0 }
    },
  }
}

test("a feature of a state is made of its fields at the time of reading, with one call of the cache", async () => {
  const { store, cache, features, set, at } = shop()
  await set("first", "100")
  await set("last", "400")
  const asked: (readonly string[])[] = []
  const read = cache.read.bind(cache)
  cache.read = (keys, names) => {
    asked.push(names)
    return read(keys, names)
  }
  at(2000)
  const { since_first, since_last, span } = features as Required<typeof features>
  const row = await store.getFeatures([since_first, since_last, span] as never, "ann")
  expect(row).toEqual({
    entityId: "ann",
    features: {
      since_first: { value: 1900, status: "PRESENT", eventTime: new Date(100), computedAt: new Date(2000) },
      since_last: { value: 1600, status: "PRESENT", eventTime: new Date(400), computedAt: new Date(2000) },
      span: { value: 300, status: "PRESENT", eventTime: new Date(400), computedAt: new Date(2000), toleranceMs: 3 },
    },
  })
  expect(asked).toEqual([["logins~first", "logins~last"]])
  at(2001)
  expect(await store.getFeature("since_first", "ann")).toBe(1901)
})

test("what features of a state have in common is made once for each entity", async () => {
  const { store, features, set, made } = shop()
  for (const id of ["ann", "bob"]) for (const field of ["first", "last"]) await set(field, "1", id)
  await store.getFeatures([features.span, features.span] as never, ["ann", "bob"])
  expect(made).toEqual(["span", "span"])
})

test("without an event there is the default", async () => {
  const { store } = shop()
  expect(
    await store.getFeatures(
      ["span", "since_last"].map((name) => store.registry.feature(name)),
      "ann",
    ),
  ).toMatchObject({
    features: { span: { value: 0, status: "DEFAULT" }, since_last: { value: undefined, status: "MISSING" } },
  })
})

test("features computed with the read, and filters, see features of a state", async () => {
  const { store, User, set, at } = shop()
  store.feature("is_new", {
    entity: User,
    compute: async (_id, { get }) => ((await get<number>("since_first")) ?? 0) < 1000,
  })
  await set("first", "500")
  at(1400)
  expect(await store.getFeature("is_new", "ann")).toBe(true)
  at(1500)
  expect(await store.getFeature("is_new", "ann")).toBe(false)
  const { rows } = await store.findEntities(User, { filter: { since_first: { $gte: 1000 } } })
  expect(rows.map(({ entityId }) => entityId)).toEqual(["ann"])
})

test.each<readonly [object, string]>([
  [{ update: 1 }, "invalid_argument"],
  [{ features: { bad: { fields: ["none"], about: "", finish: () => undefined } } }, "invalid_argument"],
  [{ features: { "no name": { fields: [], about: "", finish: () => undefined } } }, "invalid_name"],
  [{ features: { bad: { fields: [], about: "", finish: () => undefined, default: Number.NaN } } }, "invalid_value"],
  [{ features: { span: { fields: [], about: "", finish: () => undefined } } }, "duplicate_name"],
  [{ entity: "Nobody" }, "unknown_entity"],
])("a definition with %o is refused, and leaves nothing behind", (change, code) => {
  const { store, options } = shop()
  const before = store.registry.features.size
  let thrown: unknown
  try {
    defineState(store, "other", { ...options, features: {}, ...change } as StateOptions)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(FabraError)
  expect((thrown as FabraError).code).toBe(code)
  expect([store.registry.features.size, store.registry.states.has("other")]).toEqual([before, false])
})
