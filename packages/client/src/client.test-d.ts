import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { expectTypeOf } from "vitest"
import { z } from "zod"
import { createClient, type FeatureValue } from "./index.js"

// What a module of features exports.
const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
const purchase = defineEvent("purchase", z.object({ amount: z.number(), note: z.string().default("") }))
const login = defineEvent("login")
const lastAmount = store.feature("last_amount", {
  entity: User,
  trigger: purchase,
  compute: (_id, event) => event.payload.amount,
})
const total = store.feature("total", {
  entity: User,
  trigger: purchase,
  initial: 0,
  compute: (_id, _event, { current }) => current + 1,
})
const lastLogin = store.feature("last_login", {
  entity: User,
  trigger: login,
  compute: (_id, event) => event.timestamp,
})
const basket = store.feature<{ at: Date; prices: bigint[] }, "basket">("basket", { entity: User })
// As `aggregate` of @fabra/aggregates returns them.
const spend = { sum: { "1h": store.feature<number, "spend_sum_1h">("spend_sum_1h", { entity: User, initial: 0 }) } }
const documents = store.vectorIndex("documents")
const features = { store, User, purchase, login, lastAmount, total, lastLogin, basket, spend, documents, limit: 5 }

const typed = createClient<typeof features>({ url: "http://localhost:8000" })

// Values are typed by the features that the module exports, as HTTP carries them.
const row = { user_id: "user_123" }
expectTypeOf(typed.getFeatures(["total", "last_amount", "last_login"], row)).resolves.toEqualTypeOf<{
  readonly total: FeatureValue<number>
  readonly last_amount: FeatureValue<number | null>
  readonly last_login: FeatureValue<string | null>
}>()
expectTypeOf(typed.getFeatures(["spend_sum_1h"], row)).resolves.toEqualTypeOf<{
  readonly spend_sum_1h: FeatureValue<number>
}>()
expectTypeOf(typed.getFeatures(["basket"], [row])).resolves.items.toEqualTypeOf<{
  readonly basket: FeatureValue<{ readonly at: string; readonly prices: readonly string[] } | null>
}>()
// @ts-expect-error no such feature
typed.getFeatures(["totals"], row)

expectTypeOf(typed.getEntity("User", "a"))
  .resolves.toHaveProperty("total")
  .toEqualTypeOf<FeatureValue<number> | undefined>()
// @ts-expect-error no such feature
typed.getEntity("User", "a", { names: ["totals"] })

// So are the names of indexes.
typed.search("documents", { text: "foxes", topK: 5, filter: { year: { $gte: 2020 } }, mode: "hybrid" })
// @ts-expect-error no such index
typed.search("document", { text: "foxes" })
// @ts-expect-error no such mode
typed.search("documents", { text: "foxes", mode: "words" })

// Payloads are typed by the events that it exports: as published, before a schema's defaults.
typed.ingest("purchase", { entityId: "a", payload: { amount: 1 } })
// @ts-expect-error an amount is a number
typed.ingest("purchase", { entityId: "a", payload: { amount: "1" } })
// @ts-expect-error an amount is needed
typed.ingest("purchase", { entityId: "a" })
typed.ingest("login", { entityId: "a" })
typed.ingest("an event named only by a trigger", { entityId: "a", payload: { anything: [1] } })
typed.ingestMany([
  { eventType: "purchase", entityId: "a", payload: { amount: 1 } },
  { eventType: "login", entityId: "a" },
])
// @ts-expect-error an amount is a number
typed.ingestMany([{ eventType: "purchase", entityId: "a", payload: { amount: "1" } }])

const waited = typed.ingest("login", { entityId: "a" }, { wait: "applied" })
expectTypeOf(waited).resolves.toHaveProperty("applied").toEqualTypeOf<boolean>()
waited.then(({ features }) => expectTypeOf(features.total?.value).toEqualTypeOf<number | undefined>())

// Without a module anything may be asked for, and nothing is known of it.
const untyped = createClient({ url: "http://localhost:8000" })
expectTypeOf(untyped.getFeatures(["anything"], row)).resolves.toEqualTypeOf<{
  readonly anything: FeatureValue<unknown>
}>()
untyped.search("anything", { vector: new Float32Array(3) })
untyped.ingest("purchase", { entityId: "a", payload: { amount: "1" } })
untyped.ingestMany([{ eventType: "purchase", entityId: "a", payload: { amount: "1" } }])
