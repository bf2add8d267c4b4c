import { FeatureStore, type FeatureValue } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { createTestKit } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { z } from "zod"
import {
  type AggregateFunction,
  aggregate,
  count,
  distinct,
  first,
  last,
  lastN,
  max,
  mean,
  min,
  quantile,
  sum,
  sumBigint,
  withDefault,
} from "../src/index.js"

const purchase = defineEvent("purchase", z.object({ amount: z.number(), zone: z.string().optional() }))

function shop() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const spend = aggregate(store, "spend", {
    entity: User,
    trigger: purchase,
    value: ({ payload }) => payload.amount,
    windows: ["1h", "24h", { every: "day", timeZone: "Europe/Berlin" }, { gap: "30m" }, { last: 2 }, "lifetime"],
    aggregates: { sum: sum(), count: count(), mean: mean(), max: withDefault(max(), 0) },
  })
  return { store, User, spend }
}

/** A kit at 22:30 in Berlin. */
function start(store: FeatureStore) {
  const kit = createTestKit(store, { now: "2026-01-01T21:30:00Z" })
  onTestFinished(() => kit.close())
  const buy = (amount: number, entityId = "ann") => kit.give(purchase.create({ entityId, payload: { amount } }))
  return { kit, buy }
}

test("values follow time without an event", async () => {
  const { store, spend } = shop()
  const { kit, buy } = start(store)
  await buy(0.1)
  await kit.advance("20m")
  await buy(0.2)
  const read = async () => {
    const { features } = await kit.readAll(
      [spend.sum["1h"], spend.count["24h"], spend.sum.day, spend.count.session_30m, spend.mean.last_2, spend.max["1h"]],
      "ann",
    )
    return Object.values<FeatureValue<unknown>>(features).map(({ value }) => value)
  }
  expect(await read()).toEqual([0.3, 2, 0.3, 2, 0.15, 0.2])
  await kit.advance(40 * 60_000 - 1000)
  expect(await read()).toEqual([0.3, 2, 0.3, 0, 0.15, 0.2])
  await kit.advance("1s") // an hour after the first
  expect(await read()).toEqual([0.2, 2, 0.3, 0, 0.15, 0.2])
  await kit.advance("30m") // midnight in Berlin
  expect(await read()).toEqual([0, 2, 0, 0, 0.15, 0])
  await kit.advance("24h")
  expect(await read()).toEqual([0, 0, 0, 0, 0.15, 0])
  expect(await kit.read(spend.sum.lifetime, "ann")).toBe(0.3)
})

test("a value has the time of its newest event, and is as old as its reading; without an event it is the default", async () => {
  const { store, spend } = shop()
  const { kit, buy } = start(store)
  await buy(5)
  const bought = new Date(kit.clock.now())
  await kit.advance("10m")
  const { features } = await kit.readAll([spend.sum["1h"], spend.mean["1h"]], "ann")
  expect(features.spend_sum_1h).toEqual({
    value: 5,
    status: "PRESENT",
    eventTime: bought,
    computedAt: new Date(kit.clock.now()),
  })
  const none = await kit.readAll([spend.sum["1h"], spend.mean["1h"]], "bob")
  expect(none.features.spend_sum_1h).toEqual({ value: 0, status: "DEFAULT", eventTime: null, computedAt: null })
  expect(none.features.spend_mean_1h).toEqual({
    value: undefined,
    status: "MISSING",
    eventTime: null,
    computedAt: null,
  })
})

test("a busy window says by how much its edge may be off", async () => {
  const { store, spend } = shop()
  const { kit } = start(store)
  for (let i = 0; i < 20; i++) {
    await kit.give(purchase.create({ entityId: "ann", payload: { amount: 1 }, timestamp: kit.clock.now() + i * 1000 }))
  }
  await kit.advance("1h")
  const { features } = await kit.readAll([spend.count["1h"], spend.count["24h"]], "ann")
  expect(features.spend_count_1h).toMatchObject({ value: 20, toleranceMs: 1 })
  expect(features.spend_count_24h).toMatchObject({ value: 20 })
  expect(features.spend_count_24h).not.toHaveProperty("toleranceMs")
})

test("handlers, scheduled features and features computed with the read see windows", async () => {
  const { store, User, spend } = shop()
  const burst = store.feature("burst", {
    entity: User,
    trigger: purchase,
    compute: async (id, _event, { get }) => [get(spend.count["1h"]), await store.getFeature(spend.count["1h"], id)],
  })
  const share = store.feature("share", {
    entity: User,
    compute: async (_id, { get }) => ((await get(spend.sum["1h"])) ?? 0) / ((await get(spend.sum["24h"])) ?? 1),
  })
  const nightly = store.feature("nightly", {
    entity: User,
    refresh: "1h",
    materialize: true,
    compute: (id) => store.getFeature(spend.sum["24h"], id),
  })
  const { kit, buy } = start(store)
  await buy(3)
  await kit.advance("2h")
  await buy(1)
  expect(await kit.read(burst, "ann")).toEqual([1, 1])
  expect(await kit.read(share, "ann")).toBe(0.25)
  await kit.advance("1h")
  expect(await kit.read(nightly, "ann")).toBe(4)
})

test("a handler reads windows as they were at the time of its event, also when it comes late", async () => {
  const { store, User, spend } = shop()
  const seen = store.feature("seen", {
    entity: User,
    trigger: purchase,
    compute: (_id, _event, { get }) => get(spend.sum["1h"]),
  })
  const { kit, buy } = start(store)
  const at = kit.clock.now()
  await kit.advance("50m")
  await buy(10)
  await kit.give(purchase.create({ entityId: "ann", payload: { amount: 2 }, timestamp: at }))
  expect(await kit.read(seen, "ann")).toBe(2)
  expect(await kit.read(spend.sum["1h"], "ann")).toBe(12)
})

test("what cannot be aggregated is a dead letter of that aggregation alone, and nothing of it is added", async () => {
  const { store, User } = shop()
  const raw = aggregate(store, "raw", {
    entity: User,
    trigger: "raw",
    value: ({ payload }) => payload.amount as number,
    windows: ["1h", "24h"],
    aggregates: { count: count(), sum: sum() },
  })
  const { kit } = start(store)
  const give = (payload: object) =>
    kit.give({ ...defineEvent("raw").create({ entityId: "ann", payload: payload as never }) })
  await give({ amount: 1 })
  await give({ amount: "1" })
  await give({})
  expect(await kit.read(raw.count["1h"], "ann")).toBe(1)
  const letters = await kit.deadLetters()
  expect(letters.map(({ features, error }) => [features, error.message])).toEqual([
    [["raw"], 'value of "raw" is "1": for "sum" it must be a finite number.'],
  ])
})

test("amounts beyond 2^53 are kept to the last digit", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const cents = aggregate(store, "cents", {
    entity: User,
    trigger: "paid",
    value: ({ payload }) => BigInt(payload.cents as string),
    windows: ["1h"],
    aggregates: { sum: sumBigint(), last: last<bigint>() },
  })
  const { kit } = start(store)
  const paid = defineEvent("paid")
  for (const amount of ["9007199254740993", "2"])
    await kit.give(paid.create({ entityId: "ann", payload: { cents: amount } }))
  expect(await kit.read(cents.sum["1h"], "ann")).toBe(9007199254740995n)
  expect(await kit.read(cents.last["1h"], "ann")).toBe(2n)
})

test("today is that of the entity's own time zone, wherever its latest event says it is", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const today = aggregate(store, "spend", {
    entity: User,
    trigger: purchase,
    value: ({ payload }) => payload.amount,
    windows: [{ every: "day", timeZone: ({ payload }) => payload.zone ?? "UTC" }],
    aggregates: { sum: sum() },
  })
  const { kit } = start(store)
  for (const [entityId, zone] of [
    ["ann", "Asia/Tokyo"],
    ["bob", "America/New_York"],
  ] as const) {
    await kit.give(purchase.create({ entityId, payload: { amount: 1, zone } }))
  }
  const read = async () => [await kit.read(today.sum.day, "ann"), await kit.read(today.sum.day, "bob")]
  expect(await read()).toEqual([1, 1])
  await kit.advance("450m") // 14:00 in Tokyo, midnight in New York
  expect(await read()).toEqual([1, 0])
  await kit.advance("10h")
  expect(await read()).toEqual([0, 0])
})

test("a record ages away when nothing of it is left in any window", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const recent = aggregate(store, "recent", {
    entity: User,
    trigger: purchase,
    windows: ["1h", { every: "1h" }],
    aggregates: { count: count() },
  })
  const { kit, buy } = start(store)
  await buy(1)
  expect(await kit.read(recent.count.hour, "ann")).toBe(1)
  const ids = async () => (await store.cache.entities("User")).ids
  await kit.advance("70m")
  expect(await ids()).toEqual(["ann"])
  await kit.advance("3h")
  expect(await ids()).toEqual([])
  await buy(1)
  expect(await kit.read(recent.count["1h"], "ann")).toBe(1)
})

test("a window that nobody can set, and a field that nobody can name", async () => {
  const { store, User, spend } = shop()
  await expect(store.setFeature(spend.sum["1h"], "ann", 1)).rejects.toThrow(/nobody can set it/)
  for (const [name, key] of Object.entries({ window: "spend_sum_1h", field: "spend~1h/0" })) {
    store.feature(name, {
      entity: User,
      trigger: purchase,
      maxRetries: 0,
      compute: (_id, _event, { set }) => set(key, 1) as never,
    })
  }
  const { kit, buy } = start(store)
  await buy(1)
  expect((await kit.deadLetters()).map(({ error }) => error.message)).toEqual([
    '"spend_sum_1h" is made of events when it is read: nobody can set it.',
    '"spend~1h/0" is a field of a state: choose another key.',
  ])
  expect(await kit.read(spend.sum["1h"], "ann")).toBe(1)
})

test.each<readonly [object, RegExp]>([
  [{ windows: [] }, /windows must be a list of one window at least/],
  [{ windows: ["60"] }, /windows\[0\] is "60"/],
  [{ windows: ["0h"] }, /windows\[0\] is "0h"/],
  [{ windows: [3600] }, /windows\[0\] is 3600: it must be text such as "1h"/],
  [
    { windows: [{ sliding: "1h", hop: "2h" }] },
    /hop is "2h": for a window of 1h it must be from a thousandth of it to all of it/,
  ],
  [{ windows: [{ sliding: "30d", hop: "1s" }] }, /hop is "1s"/],
  [{ windows: [{ every: "day", timeZone: "Mars/Olympus" }] }, /windows\[0\].timeZone is "Mars\/Olympus"/],
  [{ windows: [{ every: "year" }] }, /windows\[0\].every is "year": it must be "1h", "day", "week" or "month"/],
  [{ windows: [{ gap: "soon" }] }, /windows\[0\].gap is "soon"/],
  [{ windows: [{ last: 0 }] }, /windows\[0\].last is 0: it must be a whole number from 1 to 1000/],
  [
    { windows: [{ every: "day" }, { every: "day", timeZone: "Asia/Tokyo" }] },
    /two features would be named "bad_n_day"/,
  ],
  [{ windows: ["1h", "1h"] }, /two features would be named "bad_n_1h"/],
  [{ aggregates: {} }, /aggregates is empty/],
  [{ aggregates: { total: sum() } }, /value is missing: "total" needs one/],
  [{ maxRetries: -1 }, /maxRetries/],
])("a definition with %o is refused", (change, expected) => {
  const { store, User } = shop()
  const options = { entity: User, trigger: purchase, windows: ["1h"], aggregates: { n: count() }, ...change }
  expect(() => aggregate(store, "bad", options as never)).toThrow(expected)
  expect([...store.registry.states.keys()]).toEqual(["spend"])
})

test("aggregates with bad arguments are refused", () => {
  expect(() => quantile(95)).toThrow(/quantile is 95: it must be a number from 0 to 1/)
  expect(() => lastN(1.5)).toThrow(/lastN is 1.5/)
})

test("names are those of features: what exists already is refused", () => {
  const { store, User } = shop()
  const again = () =>
    aggregate(store, "spend", { entity: User, trigger: purchase, windows: ["7d"], aggregates: { n: count() } })
  expect(again).toThrow(/already has a feature "spend"/)
  expect(() => store.feature("spend_sum_1h", { entity: User })).toThrow(/already has a feature "spend_sum_1h"/)
  expect(() => store.feature("spend", { entity: User })).toThrow(/already has a feature "spend"/)
})

test("an event that is older than every window is counted as late and changes nothing", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const recent = aggregate(store, "recent", {
    entity: User,
    trigger: purchase,
    value: ({ payload }) => payload.amount,
    windows: ["1h"],
    aggregates: { first: first<number>(), n: distinct() },
  })
  const { kit, buy } = start(store)
  await buy(1)
  const before = kit.clock.now() - 72 * 60_000 // six tiles of twelve minutes: in the place of the newest
  await kit.give(purchase.create({ entityId: "ann", payload: { amount: 2 }, timestamp: before }))
  expect(await kit.read(recent.first["1h"], "ann")).toBe(1)
  expect(await kit.read(recent.n["1h"], "ann")).toBe(1)
})

test("after a change of the definition what is kept is read by the aggregates that are defined now", async () => {
  const define = (store: FeatureStore, aggregates: Parameters<typeof aggregate>[2]["aggregates"]) =>
    aggregate(store, "spend", {
      entity: store.entity("User", { key: "user_id" }),
      trigger: purchase,
      value: ({ payload }) => payload.amount,
      windows: ["1h", { gap: "30m" }],
      aggregates: aggregates as Readonly<Record<string, AggregateFunction>>,
    })
  const before = new FeatureStore()
  define(before, { count: count(), sum: sum(), max: max() })
  const after = new FeatureStore()
  define(after, { max: max(), min: min(), sum: sum() })
  const fields = new Map<string, string>()
  const state = {
    get: (field: string) => fields.get(field),
    set: (field: string, text: string) => void fields.set(field, text),
  }
  const give = ({ registry }: FeatureStore, amount: number, second: number) =>
    registry.states.get("spend")?.update(state, { timestamp: new Date(second * 1000), payload: { amount } } as never)
  for (let i = 1; i <= 20; i++) give(before, i, i) // so many that they are folded
  const read = (name: string, at: number) =>
    after.registry.feature(name).state?.finish({ get: state.get, once: (_key, make) => make() }, at)?.value
  const all = (at: number) =>
    ["max_1h", "min_1h", "sum_1h", "max_session_30m", "min_session_30m", "sum_session_30m"].map((one) =>
      read(`spend_${one}`, at),
    )
  expect(all(20_000)).toEqual([20, undefined, 210, 20, undefined, 210])
  give(after, 0.5, 21)
  expect(all(21_000)).toEqual([20, 0.5, 210.5, 20, 0.5, 210.5])
})
