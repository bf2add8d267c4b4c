import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"

export const store = new FeatureStore()
const Customer = store.entity("Customer", { key: "customer_id" })

/** Cents, so that sums are exact. */
export const purchase = defineEvent<{ cents: number }>("purchase")

export const totalCents = store.feature("total_cents", {
  entity: Customer,
  trigger: purchase,
  initial: 0,
  compute: (_customerId, event, { current }) => current + event.payload.cents,
})
