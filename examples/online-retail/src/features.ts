import { aggregate, distinct, sumBigint } from "@fabra/aggregates"
import { FeatureStore } from "@fabra/core"
import { purchase, refund } from "./events.js"

export const store = new FeatureStore()

export const Customer = store.entity("Customer", { key: "customer_id" })

export const lastPurchaseAmount = store.feature("last_purchase_amount", {
  entity: Customer,
  trigger: purchase,
  compute: (_customerId, event) => event.payload.amount,
})

export const lastPurchaseTime = store.feature("last_purchase_time", {
  entity: Customer,
  trigger: purchase,
  compute: (_customerId, event) => event.timestamp,
})

export const lastProduct = store.feature("last_product", {
  entity: Customer,
  trigger: purchase,
  compute: (_customerId, { payload }) => ({ stock_code: payload.stock_code, description: payload.description }),
})

export const purchaseCount = store.feature("purchase_count", {
  entity: Customer,
  trigger: purchase,
  initial: 0,
  compute: (_customerId, _event, { current }) => current + 1,
})

export const refundCount = store.feature("refund_count", {
  entity: Customer,
  trigger: refund,
  initial: 0,
  compute: (_customerId, _event, { current }) => current + 1,
})

/** What was bought, whether or not it was kept. */
export const totalSpend = store.feature("total_spend", {
  entity: Customer,
  trigger: purchase,
  initial: 0n,
  compute: (_customerId, event, { current }) => current + event.payload.amount,
})

/** What was bought less what was given back. */
export const netSpend = store.feature("net_spend", {
  entity: Customer,
  trigger: [purchase, refund],
  initial: 0n,
  compute: (_customerId, event, { current }) => current + event.payload.amount,
})

/** Where most lines were delivered to; of several such countries the first by name. */
export const topCountry = store.feature("top_country", {
  entity: Customer,
  trigger: [purchase, refund],
  compute: (_customerId, event, { get, set }) => {
    // What it takes to compute a feature can be kept beside it, in the same transaction, under a free key.
    const lines = { ...get<Record<string, number>>("lines_by_country") }
    lines[event.payload.country] = (lines[event.payload.country] ?? 0) + 1
    set("lines_by_country", lines)
    const [first] = Object.entries(lines).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    return first && { country: first[0], lines: first[1] }
  },
})

/** Spend of the last 30 days. The file ends in 2011: by the clock of today it is 0. */
export const spend = aggregate(store, "spend", {
  entity: Customer,
  trigger: purchase,
  value: (event) => event.payload.amount,
  windows: ["30d"],
  aggregates: { sum: sumBigint() },
})

/** How many different products that were. */
export const products = aggregate(store, "products", {
  entity: Customer,
  trigger: purchase,
  value: (event) => event.payload.stock_code,
  windows: ["30d"],
  aggregates: { distinct: distinct() },
})
