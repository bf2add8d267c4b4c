import { aggregate, count, distinct, mean, quantile, sum, topK } from "@fabra/aggregates"
import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { z } from "zod"

export const store = new FeatureStore()
export const Account = store.entity("Account", { key: "account_id" })
export const Endpoint = store.entity("Endpoint", { key: "endpoint" })

export const apiCall = defineEvent(
  "api_call",
  z.object({ endpoint: z.string(), tokens: z.number(), ms: z.number(), ok: z.boolean(), zone: z.string() }),
)
export const invoice = defineEvent("invoice", z.object({ paid: z.boolean() }))
export const login = defineEvent("login")

const calls = { entity: Account, trigger: apiCall }

/** Tokens of the last hour, and of today where the customer is. */
export const tokens = aggregate(store, "tokens", {
  ...calls,
  value: ({ payload }) => payload.tokens,
  windows: ["1h", { every: "day", timeZone: ({ payload }) => payload.zone }],
  aggregates: { sum: sum() },
})

/** Calls of the last day by endpoint, the most frequent ones; different endpoints of the last week. */
export const endpoints = aggregate(store, "endpoints", {
  ...calls,
  value: ({ payload }) => payload.endpoint,
  windows: ["24h", "7d"],
  aggregates: { top: topK<string>(10), distinct: distinct() },
})

export const latency = aggregate(store, "latency", {
  ...calls,
  value: ({ payload }) => payload.ms,
  windows: ["1h"],
  aggregates: { p95: quantile(0.95) },
})

/** Failed invoices in a row. */
export const failedStreak = store.feature("failed_streak", {
  entity: Account,
  trigger: invoice,
  initial: 0,
  compute: (_id, { payload }, { current }) => (payload.paid ? 0 : current + 1),
})

export const lastLogin = store.feature("last_login", {
  entity: Account,
  trigger: login,
  onLate: "skip",
  compute: (_id, { timestamp }) => timestamp,
})

export const daysSinceLogin = store.feature("days_since_login", {
  entity: Account,
  compute: async (_id, { get, now }) => {
    const at = await get(lastLogin)
    return at === undefined ? undefined : Math.floor((now.getTime() - at.getTime()) / 86_400_000)
  },
})

export const dormant = store.feature("dormant", {
  entity: Account,
  compute: async (_id, { get }) => ((await get(daysSinceLogin)) ?? 0) >= 7,
})

/** Calls and share of errors of each endpoint, from the calls of all accounts. */
export const endpointCalls = aggregate(store, "endpoint", {
  entity: Endpoint,
  trigger: apiCall,
  key: ({ payload }) => payload.endpoint,
  value: ({ payload }) => (payload.ok ? 0 : 1),
  windows: ["1h"],
  aggregates: { calls: count(), error_rate: mean() },
})
