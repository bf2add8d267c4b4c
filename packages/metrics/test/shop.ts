import { FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"

/** What the tests' workers compute. */
export function shop() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const purchase = defineEvent<{ amount: number }>("purchase")
  const refund = defineEvent<{ fails: number }>("refund")
  store.feature("total_spend", {
    entity: User,
    trigger: purchase,
    initial: 0,
    compute: (_userId, event, { current }) => current + event.payload.amount,
  })
  store.feature("event_count", {
    entity: User,
    trigger: [purchase, refund],
    initial: 0,
    compute: (_userId, _event, { current }) => current + 1,
  })
  store.feature("refunds", {
    entity: User,
    trigger: refund,
    initial: 0,
    maxRetries: 2,
    compute(_userId, event, { attempt, current }) {
      if (attempt <= event.payload.fails) throw new Error("the bank does not answer")
      return current + 1
    },
  })
  store.feature("sold_out", {
    entity: store.entity("Product", { key: "product_id" }),
    refresh: "7d",
    materialize: true,
    maxRetries: 0,
    entities: () => ({ ids: ["p1", "p2", "p3"], next: null }),
    compute(productId) {
      if (productId === "p3") throw new Error("the shelf does not answer")
      return false
    },
  })
  return { store, purchase, refund }
}
