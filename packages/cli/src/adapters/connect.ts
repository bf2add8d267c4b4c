import type { FeatureStore } from "@fabra/core"
import { FabraError } from "@fabra/events"
import type { Adapters } from "./adapters.js"

/** Gives a user's store its cache. @throws FabraError `invalid_argument` when it brought one of its own */
export function connect(store: FeatureStore, cache: Adapters["cache"]): void {
  try {
    store.connect({ cache })
  } catch (error) {
    const message = "Your store has a cache already; make it with `new FeatureStore()` and fabra gives it one."
    throw new FabraError("invalid_argument", message, { cause: error })
  }
}
