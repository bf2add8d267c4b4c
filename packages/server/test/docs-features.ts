import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { z } from "zod"

export const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
const purchase = defineEvent("purchase", z.object({ amount: z.number(), product_id: z.string() }))

store.feature("last_purchase_amount", {
  entity: User,
  trigger: purchase,
  compute: (_userId, event) => event.payload.amount,
})
store.feature("total_purchases", {
  entity: User,
  trigger: purchase,
  initial: 0,
  compute: (_userId, _event, { current }) => current + 1,
})
store.feature("credit_score", {
  entity: User,
  trigger: "credit_checked",
  maxRetries: 0,
  compute: (userId) => {
    throw new Error(`no answer for ${userId}`)
  },
})

const Product = store.entity("Product", { key: "product_id" })
store.vectorIndex("products")
store.feature("description", {
  entity: Product,
  trigger: "product_described",
  compute: async (productId, event) => {
    const { text, ...metadata } = event.payload
    await store.index("products", productId, String(text), { metadata })
    return text
  },
})
