import { type Feature, FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { expectTypeOf } from "vitest"
import { z } from "zod"
import { aggregate, count, last, mean, sum, sumBigint, topK, withDefault } from "../src/index.js"

const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
const purchase = defineEvent("purchase", z.object({ amount: z.number(), sku: z.string() }))

const spend = aggregate(store, "spend", {
  entity: User,
  trigger: purchase,
  value: (event) => event.payload.amount,
  windows: [
    "1h",
    { every: "day" },
    { every: "1h", previous: 1 },
    { gap: "30m" },
    { last: 5 },
    { sliding: "7d", name: "week" },
  ],
  aggregates: { sum: sum(), mean: mean(), safe: withDefault(mean(), 0), n: count(), last: last<number>() },
})
expectTypeOf(spend.sum["1h"]).toEqualTypeOf<Feature<"spend_sum_1h", number, number>>()
expectTypeOf(spend.mean.day).toEqualTypeOf<Feature<"spend_mean_day", number, number | undefined>>()
expectTypeOf(spend.safe.hour_previous).toEqualTypeOf<Feature<"spend_safe_hour_previous", number, number>>()
expectTypeOf<keyof typeof spend.n>().toEqualTypeOf<"1h" | "day" | "hour_previous" | "session_30m" | "last_5" | "week">()
expectTypeOf(store.getFeature(spend.mean["1h"], "ann")).resolves.toEqualTypeOf<number | undefined>()

const counted = aggregate(store, "calls", {
  entity: User,
  trigger: "call",
  windows: ["1h"],
  aggregates: { n: count() },
})
expectTypeOf(counted.n["1h"]).toEqualTypeOf<Feature<"calls_n_1h", number, number>>()

aggregate(store, "skus", {
  entity: User,
  trigger: purchase,
  // @ts-expect-error texts cannot be added
  value: ({ payload }) => (payload.amount > 0 ? payload.sku : undefined),
  windows: ["1h"],
  aggregates: { sum: sum() },
})
aggregate(store, "more_skus", {
  entity: User,
  trigger: purchase,
  value: ({ payload }) => payload.sku,
  windows: ["1h"],
  aggregates: { top: topK<string>(3) },
})
aggregate(store, "bigs", {
  entity: User,
  trigger: purchase,
  // @ts-expect-error numbers are no bigint
  value: ({ payload }) => payload.amount,
  windows: ["1h"],
  aggregates: { sum: sumBigint() },
})
