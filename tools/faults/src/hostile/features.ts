// The features file of the server and the worker that hostile clients ask.
import { FeatureStore } from "@fabra/core"

export const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })

store.feature("total", {
  entity: User,
  trigger: "purchase",
  initial: 0,
  compute: (_id, _event, { current }) => current + 1,
})

/** Large, so that asking for it often is asking for a large answer. */
store.feature("note", { entity: User, trigger: "note", compute: (_id, { payload }) => payload.text })
