import { type EventBus, FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import type { FeatureStore } from "./store.js"

/**
 * The bus that a part of a store is to use: the one it was given, else the store's.
 * @param who names the part in the error, as `AxiomWorker`
 * @throws FabraError `invalid_argument` when there is none, or it is no bus
 */
export function busOf(store: FeatureStore, given: EventBus | undefined, who: string): EventBus {
  const bus: unknown = given ?? store.bus
  if (isBus(bus)) return bus
  const what =
    bus === undefined || bus === null
      ? `${who} has no event bus: neither its options nor the store names one.`
      : `bus is ${show(bus)}: it must be an event bus.`
  const mend = "Give it one, { bus: new RedisEventBus() }, or in one process { bus: new MemoryEventBus() }."
  throw new FabraError("invalid_argument", `${what} ${mend}`, { path: "bus" })
}

function isBus(bus: unknown): bus is EventBus {
  return typeof (bus as Partial<EventBus> | undefined)?.subscribe === "function"
}
