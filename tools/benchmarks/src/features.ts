import { type Feature, FeatureStore } from "@fabra/core"
import { defineEvent } from "@fabra/events"
import type { Purchase, WorkloadSpec } from "./workload.js"

const purchase = defineEvent<Purchase, "purchase">("purchase")

/** The workload's features as a user of Fabra would write them. @param onApplied called once for each event */
export function defineFeatures({ features, noteLength }: WorkloadSpec, onApplied: () => void) {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const last = store.feature("last_amount", {
    entity: User,
    trigger: purchase,
    compute(_userId, event) {
      onApplied()
      return event.payload.amount
    },
  })
  const all: Feature[] = [last]
  if (features > 1) {
    const count = store.feature("purchase_count", {
      entity: User,
      trigger: purchase,
      initial: 0,
      compute: (_userId, _event, { current }) => current + 1,
    })
    all.push(count)
  }
  for (let i = 2; i < features; i++) {
    const sum = store.feature(i === 2 ? "total_amount" : `total_amount_${i}`, {
      entity: User,
      trigger: purchase,
      initial: 0,
      compute: (_userId, event, { current }) => current + event.payload.amount,
    })
    all.push(sum)
  }
  if (noteLength > 0) {
    store.feature("last_note", { entity: User, trigger: purchase, compute: (_userId, event) => event.payload.note })
  }
  return { store, served: all.slice(0, 3) }
}
