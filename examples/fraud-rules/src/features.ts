import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { z } from "zod"

export const store = new FeatureStore()

export const User = store.entity("User", { key: "user_id" })

export const purchase = defineEvent("purchase", z.object({ amount: z.number().positive(), country: z.string() }))
export const declined = defineEvent("payment_declined", z.object({ reason: z.enum(["no_funds", "wrong_code"]) }))

const LARGE = 1000
const BURST_MS = 10 * 60_000

/** Purchases of 1,000 and more. The handler does not see the others. */
export const largePurchases = store.feature("large_purchases", {
  entity: User,
  trigger: purchase,
  when: (event) => event.payload.amount >= LARGE,
  initial: 0,
  compute: (_userId, _event, { current }) => current + 1,
})

/** Who tries out stolen cards guesses codes; who is out of money does not. */
export const wrongCodes = store.feature("wrong_codes", {
  entity: User,
  trigger: declined,
  when: (event) => event.payload.reason === "wrong_code",
  initial: 0,
  compute: (_userId, _event, { current }) => current + 1,
})

/** Countries bought from, in the order in which they came up. */
export const countries = store.feature("countries", {
  entity: User,
  trigger: purchase,
  initial: [] as string[],
  compute: (_userId, { payload }, { current }) =>
    current.includes(payload.country) ? undefined : [...current, payload.country], // undefined: nothing changes
})

/** The most purchases and declined payments within ten minutes, so far. */
export const largestBurst = store.feature("largest_burst", {
  entity: User,
  trigger: [purchase, declined],
  initial: 0,
  compute: (_userId, { timestamp }, { current, get, set }) => {
    const now = timestamp.getTime()
    const recent = [...(get<number[]>("recent_times") ?? []), now].filter((time) => time > now - BURST_MS)
    set("recent_times", recent) // a key of its own, committed together with the value that is returned
    return Math.max(current, recent.length)
  },
})

/** The rules that a user breaks. Computed when it is read, so that changing a limit needs no event to come. */
export const brokenRules = store.feature("broken_rules", {
  entity: User,
  compute: async (_userId, { get }) => {
    const [large, codes, from, burst] = await Promise.all([
      get(largePurchases),
      get(wrongCodes),
      get(countries),
      get(largestBurst),
    ])
    const rules = {
      "many large purchases": large >= 3,
      "guesses card codes": codes >= 3,
      "several countries": from.length >= 3,
      "bursts of payments": burst >= 6,
    }
    return Object.entries(rules).flatMap(([rule, broken]) => (broken ? [rule] : []))
  },
})
