import { defineEvent, FabraError } from "@fabra/events"
import { expect, test } from "vitest"
import { z } from "zod"
import { FeatureStore } from "./store.js"

function shop() {
  const store = new FeatureStore()
  return { store, User: store.entity("User", { key: "user_id" }) }
}
const compute = () => 1
const every = (refresh: unknown) => ({ refresh, materialize: true })

function thrown(work: () => unknown): FabraError {
  try {
    work()
  } catch (error) {
    if (error instanceof FabraError) return error
  }
  throw new Error("did not throw a FabraError")
}

test.each([
  ["duplicate_name", /already has a feature "n"/, { name: "n" }],
  ["invalid_name", /letter or underscore/, { name: "no spaces" }],
  ["invalid_name", /letter or underscore/, { name: "" }],
  ["unknown_entity", /"Usre" is not known.*Did you mean "User"/, { entity: "Usre" }],
  ["unknown_entity", /made by another store/, { entity: new FeatureStore().entity("User", { key: "id" }) }],
  ["invalid_argument", /nobody can send its trigger/, { trigger: "two words" }],
  ["invalid_argument", /nobody can send its trigger/, { trigger: "" }],
  ["invalid_argument", /empty list/, { trigger: [] }],
  ["invalid_argument", /names "x" twice/, { trigger: ["x", defineEvent("x")] }],
  ["invalid_argument", /go together/, { compute: undefined }],
  ["invalid_argument", /compute is a?.*5.*function/, { compute: 5 }],
  ["invalid_argument", /maxRetries is -1/, { maxRetries: -1 }],
  ["invalid_argument", /maxRetries is 1.5/, { maxRetries: 1.5 }],
  ["invalid_argument", /timeoutMs is 0/, { timeoutMs: 0 }],
  ["invalid_argument", /ttl is "5 minutes": it must be.*"5m"/, { ttl: "5 minutes" }],
  ["invalid_argument", /maxAge is 0/, { maxAge: 0 }],
  ["invalid_argument", /onLate is "never"/, { onLate: "never" }],
  ["invalid_argument", /by its events or by time/, { refresh: "5m" }],
  ["invalid_argument", /computeMany is not for/, { computeMany: () => new Map() }],
  ["invalid_argument", /when is not for/, { trigger: undefined, when: () => true }],
  ["invalid_argument", /compute is missing/, { trigger: undefined, compute: undefined, refresh: "5m" }],
  ["invalid_argument", /cron needs materialize/, { trigger: undefined, refresh: { cron: "* * * * *" } }],
  ["invalid_argument", /refresh is "5 m"/, { trigger: undefined, refresh: "5 m" }],
  ["invalid_argument", /ttl is shorter than refresh/, { trigger: undefined, refresh: "5m", ttl: "1m" }],
  ["invalid_argument", /needs refresh/, { trigger: undefined, staleWhileRevalidate: true }],
  ["invalid_argument", /materialize needs refresh/, { trigger: undefined, materialize: true }],
  ["invalid_argument", /sql needs refresh/, { trigger: undefined, compute: undefined, sql: "select 1" }],
  ["invalid_argument", /sql is " "/, { trigger: undefined, compute: undefined, ...every("5m"), sql: " " }],
  [
    "invalid_argument",
    /entities and sql/,
    {
      trigger: undefined,
      compute: undefined,
      ...every("5m"),
      sql: "select 1",
      entities: () => ({ ids: [], next: null }),
    },
  ],
  [
    "invalid_argument",
    /one of compute, computeMany and sql/,
    { trigger: undefined, ...every("5m"), computeMany: () => new Map() },
  ],
  ["invalid_argument", /concurrency is 0/, { trigger: undefined, ...every("5m"), concurrency: 0 }],
  ["invalid_argument", /jitter is "x"/, { trigger: undefined, ...every("5m"), jitter: "x" }],
  ["invalid_argument", /no schedule.*minute: 61/, { trigger: undefined, ...every({ cron: "61 * * * *" }) }],
  ["invalid_argument", /never comes/, { trigger: undefined, ...every({ cron: "0 0 30 2 *" }) }],
  ["invalid_argument", /Mars/, { trigger: undefined, ...every({ cron: "0 3 * * *", timeZone: "Mars/Base" }) }],
  ["invalid_value", /Feature "m": default is NaN/, { default: Number.NaN }],
  ["invalid_value", /Feature "m": initial is NaN/, { initial: Number.NaN }],
])("%s at definition: %s", (code, message, wrong) => {
  const { store, User } = shop()
  store.feature("n", { entity: User, trigger: "x", compute })
  const { name = "m", ...rest } = wrong as { name?: string }
  const error = thrown(() => store.feature(name, { entity: User, trigger: "x", compute, ...rest } as never))
  expect(error.code).toBe(code)
  expect(error.message).toMatch(message)
  expect([...store.registry.features.keys()]).toEqual(["n"]) // nothing is half-done
})

test("an entity is defined once", () => {
  const { store } = shop()
  expect(thrown(() => store.entity("User", { key: "id" })).code).toBe("duplicate_name")
  expect(thrown(() => store.entity("Account", { key: "" })).code).toBe("invalid_name")
})

test("one event has one schema", () => {
  const { store, User } = shop()
  store.feature("a", { entity: User, trigger: defineEvent("x", z.object({ n: z.number() })), compute })
  const other = defineEvent("x", z.object({ n: z.string() }))
  expect(thrown(() => store.feature("b", { entity: User, trigger: other, compute })).message).toMatch(/defined twice/)
  store.feature("c", { entity: User, trigger: "x", compute })
  expect(store.registry.handlersFor("x").map(({ feature }) => feature.name)).toEqual(["a", "c"])
})
