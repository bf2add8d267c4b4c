import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"

export const store = new FeatureStore()
export const User = store.entity("User", { key: "user_id" })
export const purchase = defineEvent<{ amount: number }>("purchase")

export const totalPurchases = store.feature("total_purchases", {
  entity: User,
  trigger: purchase,
  initial: 0,
  compute: (_userId, _event, { current }) => current + 1,
})
