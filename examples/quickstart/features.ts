import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { z } from "zod"

export const store = new FeatureStore()

export const User = store.entity("User", { key: "user_id" })

// Any Standard Schema will do; the payload of handlers is checked against it, and typed by it.
export const purchase = defineEvent("purchase", z.object({ amount: z.number(), product_id: z.string() }))

// Feature triggered by "purchase" events
export const lastPurchaseAmount = store.feature("last_purchase_amount", {
  entity: User,
  trigger: purchase,
  compute: async (_userId, event) => {
    return event.payload.amount
  },
})

export const totalPurchases = store.feature("total_purchases", {
  entity: User,
  trigger: purchase,
  compute: async (userId) => {
    const current = (await store.getFeature<number>("total_purchases", userId)) ?? 0
    return current + 1
  },
})
