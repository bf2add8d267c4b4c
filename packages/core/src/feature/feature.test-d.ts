import { type AxiomEvent, defineEvent } from "@fabra/events"
import { expectTypeOf } from "vitest"
import { z } from "zod"
import { FeatureStore } from "../store.js"

const purchase = defineEvent("purchase", z.object({ amount: z.number(), at: z.string().transform((s) => new Date(s)) }))
const refund = defineEvent<{ reason: string }>("refund")
const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })

// The payload of a handler is typed by its event.
const last = store.feature("last", {
  entity: User,
  trigger: purchase,
  compute: (_userId, event) => {
    expectTypeOf(event).toEqualTypeOf<AxiomEvent<"purchase", { amount: number; at: Date }>>()
    return event.payload.amount
  },
})
expectTypeOf(store.getFeature(last, "u")).resolves.toEqualTypeOf<number | undefined>()

// `initial` types `current` and takes `undefined` out of what is served.
const total = store.feature("total", {
  entity: User,
  trigger: [purchase, "login"],
  initial: 0,
  compute: (_userId, event, { current }) => {
    expectTypeOf(current).toEqualTypeOf<number>()
    expectTypeOf(event.eventType).toEqualTypeOf<"purchase" | "login">()
    return current + 1
  },
})
expectTypeOf(store.getFeature(total, "u")).resolves.toEqualTypeOf<number>()

const slow = store.feature("slow", {
  entity: User,
  trigger: refund,
  when: (event) => event.payload.reason !== "",
  compute: async (_userId, event) => event.payload.reason,
})
expectTypeOf(store.getFeature(slow, "u")).resolves.toEqualTypeOf<string | undefined>()

// Rows carry the type of each feature under its name.
const row = await store.getFeatures([last, total], "u")
expectTypeOf(row.features.total.value).toEqualTypeOf<number>()
expectTypeOf(row.features.last.value).toEqualTypeOf<number | undefined>()
const rows = await store.getFeatures([total], ["u", "v"])
expectTypeOf(rows[0]?.features.total.value).toEqualTypeOf<number | undefined>()
// @ts-expect-error a feature that was not asked for is not in the row
row.features.slow

// @ts-expect-error a value of the wrong type
store.setFeature(total, "u", "many")
// @ts-expect-error not a feature of a store
store.getFeature(purchase, "u")

store.feature("wrong_field", {
  entity: User,
  trigger: purchase,
  // @ts-expect-error the event has no such field
  compute: (_userId, event) => event.payload.quantity,
})
store.feature("wrong_current", {
  entity: User,
  // @ts-expect-error the value must stay what it began as
  trigger: purchase,
  initial: 0,
  compute: (_userId, _event, { current }) => `${current}`,
})

// Features that are computed when they are read, or on schedule.
const risk = store.feature("risk", {
  entity: User,
  compute: async (userId, { input, get }) => {
    expectTypeOf(userId).toEqualTypeOf<string>()
    expectTypeOf(input).toEqualTypeOf<Readonly<Record<string, unknown>>>()
    expectTypeOf(get(total)).resolves.toEqualTypeOf<number>()
    return (await get(total)) / 2
  },
})
expectTypeOf(store.getFeature(risk, "u", { input: { amount: 1 } })).resolves.toEqualTypeOf<number | undefined>()
const kept = store.feature("kept", { entity: User, refresh: "5m", default: 0, compute: async () => 1 })
expectTypeOf(store.getFeature(kept, "u")).resolves.toEqualTypeOf<number>()
const stats = store.feature("stats", {
  entity: User,
  refresh: { cron: "0 3 * * *", timeZone: "Europe/Berlin" },
  materialize: true,
  compute: (_userId, { scheduledFor }) => ({ day: scheduledFor.toISOString() }),
})
expectTypeOf(store.getFeature(stats, "u")).resolves.toEqualTypeOf<{ day: string } | undefined>()
const many = store.feature("many", {
  entity: User,
  refresh: "1h",
  materialize: true,
  computeMany: async (ids) => new Map(ids.map((id) => [id, id.length])),
})
expectTypeOf(store.getFeature(many, "u")).resolves.toEqualTypeOf<number | undefined>()
const queried = store.feature("queried", {
  entity: User,
  refresh: "1h",
  materialize: true,
  sql: "select user_id as entity_id, count(*) as value from purchases group by user_id",
  default: 0,
})
expectTypeOf(store.getFeature(queried, "u")).resolves.toEqualTypeOf<number>()
const queriedAs = store.feature<{ n: number }>("queried_as", {
  entity: User,
  refresh: "1h",
  materialize: true,
  sql: "…",
})
expectTypeOf(store.getFeature(queriedAs, "u")).resolves.toEqualTypeOf<{ n: number } | undefined>()
const asking = store.feature("asking", {
  entity: User,
  trigger: purchase,
  compute: async (userId, _event, { sql }) => (await sql<{ n: number }>`select 1 as n where ${userId} = 'a'`)[0]?.n,
})
expectTypeOf(store.getFeature(asking, "u")).resolves.toEqualTypeOf<number | undefined>()
const ageing = store.feature("ageing", {
  entity: User,
  trigger: purchase,
  ttl: "7d",
  maxAge: 60_000,
  default: 0,
  onLate: "skip",
  compute: (_userId, event, { isLate, lastEventTime }) => {
    expectTypeOf(isLate).toEqualTypeOf<boolean>()
    expectTypeOf(lastEventTime).toEqualTypeOf<Date | null>()
    return event.payload.amount
  },
})
expectTypeOf(store.getFeature(ageing, "u")).resolves.toEqualTypeOf<number>()

// Features that are only set directly, with `setFeature`.
const plan = store.feature("plan", { entity: User, initial: "free" })
expectTypeOf(store.getFeature(plan, "u")).resolves.toEqualTypeOf<string>()
const note = store.feature<string>("note", { entity: User })
expectTypeOf(store.getFeature(note, "u")).resolves.toEqualTypeOf<string | undefined>()
expectTypeOf(store.getFeature<number>("by_name", "u")).resolves.toEqualTypeOf<number | undefined>()
