import { aggregate, count, mean, sum } from "@fabra/aggregates"
import { type Feature, FeatureStore } from "@fabra/core"
import { defineEvent, systemClock } from "@fabra/events"
import { type Purchase, START, type WorkloadSpec } from "./workload.js"

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

/** As {@link defineFeatures}, and the same count and sum of the merchant that each event names. @param isHot half of all events name one */
export function defineKeyed(workload: WorkloadSpec, onApplied: () => void, isHot: boolean) {
  const defined = defineFeatures(workload, onApplied)
  const entity = defined.store.entity("Merchant", { key: "merchant_id" })
  const key = ({ payload: { amount, product_id: id } }: { readonly payload: Purchase }) =>
    isHot && amount % 2 === 0 ? "hot" : id
  const of = { entity, trigger: purchase, key, initial: 0 }
  defined.store.feature("merchant_last", { ...of, compute: (_id, event) => event.payload.amount })
  defined.store.feature("merchant_count", { ...of, compute: (_id, _event, { current }) => current + 1 })
  defined.store.feature("merchant_sum", { ...of, compute: (_id, event, { current }) => current + event.payload.amount })
  return defined
}

/** Nine features instead: sum, count and mean over three windows. All events are of the last hour by the store's clock. */
export function defineWindows({ events }: WorkloadSpec, onApplied: () => void) {
  const store = new FeatureStore({ clock: { ...systemClock, now: () => START + events } })
  const User = store.entity("User", { key: "user_id" })
  const spend = aggregate(store, "spend", {
    entity: User,
    trigger: purchase,
    value(event) {
      onApplied()
      return event.payload.amount
    },
    windows: ["1h", "24h", "30d"],
    aggregates: { sum: sum(), count: count(), mean: mean() },
  })
  return { store, spend }
}
