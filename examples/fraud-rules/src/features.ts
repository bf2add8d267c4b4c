import { aggregate, count, distinct, mean, sum, topK } from "@fabra/aggregates"
import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { z } from "zod"

export const store = new FeatureStore()

export const Card = store.entity("Card", { key: "card_id" })
export const Terminal = store.entity("Terminal", { key: "terminal_id" })

export const payment = defineEvent(
  "payment",
  z.object({ amount: z.number().positive(), country: z.string(), terminal: z.string() }),
)
export const declined = defineEvent("payment_declined", z.object({ reason: z.enum(["no_funds", "wrong_code"]) }))
/** The bank reports a fraud days after it: its timestamp is that of the payment. */
export const fraud = defineEvent("fraud", z.object({ terminal: z.string() }))

/** How much a card spends, and how often. */
export const spend = aggregate(store, "spend", {
  entity: Card,
  trigger: payment,
  value: ({ payload }) => payload.amount,
  windows: ["1d", "7d", "30d"],
  aggregates: { sum: sum(), count: count(), mean: mean() },
})

/** Payments and declined payments. */
export const attempts = aggregate(store, "attempts", {
  entity: Card,
  trigger: [payment, declined],
  windows: ["10m"],
  aggregates: { count: count() },
})

/** Who tries out stolen cards guesses codes; who is out of money does not. */
export const wrongCodes = aggregate(store, "wrong_codes", {
  entity: Card,
  trigger: declined,
  when: ({ payload }) => payload.reason === "wrong_code",
  windows: ["7d"],
  aggregates: { count: count() },
})

export const countries = aggregate(store, "countries", {
  entity: Card,
  trigger: payment,
  value: ({ payload }) => payload.country,
  windows: ["90d"],
  aggregates: { distinct: distinct(), top: topK<string>(20) },
})

/** Whether the last payment came from a country for the first time in 90 days. The window holds this payment already. */
export const newCountry = store.feature("new_country", {
  entity: Card,
  trigger: payment,
  compute: (_card, { payload }, { get }) => {
    const known = get(countries.top["90d"])
    return known.length > 1 && known.some(({ value, count: times }) => value === payload.country && times === 1)
  },
})

/** The last amount ÷ the mean of 30 days. */
export const amountRatio = store.feature("amount_ratio", {
  entity: Card,
  trigger: payment,
  compute: (_card, { payload }, { get }) => payload.amount / (get(spend.mean["30d"]) ?? payload.amount),
})

const DELAY = ["7d", "37d"] as const

/** The amounts that a terminal takes, by the payments of all cards. */
export const taken = aggregate(store, "taken", {
  entity: Terminal,
  trigger: payment,
  key: ({ payload }) => payload.terminal,
  value: ({ payload }) => payload.amount,
  windows: ["1d", "30d", ...DELAY],
  aggregates: { sum: sum(), count: count() },
})

export const frauds = aggregate(store, "frauds", {
  entity: Terminal,
  trigger: fraud,
  key: ({ payload }) => payload.terminal,
  windows: DELAY,
  aggregates: { count: count() },
})

/** Share of frauds among the payments of 30 days, but for the last 7: of those the bank does not know yet. */
export const terminalRisk = store.feature("terminal_risk", {
  entity: Terminal,
  compute: async (_terminal, { get }) => {
    const counts = [taken.count["37d"], taken.count["7d"], frauds.count["37d"], frauds.count["7d"]] as const
    const [payments, late, known, early] = await Promise.all(counts.map((one) => get(one)))
    return ((known ?? 0) - (early ?? 0)) / Math.max(1, (payments ?? 0) - (late ?? 0))
  },
})

/** The rules that a card breaks. Computed when it is read, so that changing a limit needs no event to come. */
export const brokenRules = store.feature("broken_rules", {
  entity: Card,
  compute: async (_card, { get }) => {
    const rules = {
      "bursts of payments": ((await get(attempts.count["10m"])) ?? 0) >= 6,
      "guesses card codes": ((await get(wrongCodes.count["7d"])) ?? 0) >= 3,
      "new country": (await get(newCountry)) ?? false,
      "unusual amount": ((await get(amountRatio)) ?? 1) >= 5,
    }
    return Object.entries(rules).flatMap(([rule, broken]) => (broken ? [rule] : []))
  },
})
