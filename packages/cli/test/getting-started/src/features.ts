import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { z } from "zod"

export const purchase = defineEvent("purchase", z.object({ amount: z.number(), product_id: z.string() }))

export const store = new FeatureStore()

export const User = store.entity("User", { key: "user_id" })

export const lastPurchaseAmount = store.feature("last_purchase_amount", {
  entity: User,
  trigger: purchase,
  compute: (_userId, event) => event.payload.amount,
})

export const totalPurchases = store.feature("total_purchases", {
  entity: User,
  trigger: purchase,
  initial: 0,
  compute: (_userId, _event, { current }) => current + 1,
})

export const refund = defineEvent("refund", z.object({ amount: z.number() }))

export const totalSpend = store.feature("total_spend", {
  entity: User,
  trigger: [purchase, refund],
  initial: 0,
  compute: (_userId, event, { current }) =>
    event.eventType === "refund" ? current - event.payload.amount : current + event.payload.amount,
})
