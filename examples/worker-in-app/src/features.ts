import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import { z } from "zod"

export const store = new FeatureStore()

export const User = store.entity("User", { key: "user_id" })

export const purchase = defineEvent("purchase", z.object({ amount: z.number().positive() }))

export const totalSpend = store.feature("total_spend", {
  entity: User,
  trigger: purchase,
  initial: 0,
  compute: (_userId, event, { current }) => current + event.payload.amount,
})
