import type { Feature, Trigger } from "../feature/feature.js"
import type { FeatureStore } from "../store.js"
import type { StateOptions } from "./state.js"

/**
 * Defines a state: fields of an entity's record that events change, and features whose values are made of them when they are
 * read. Windows are built on it: what a value of the last hour is changes without an event.
 *
 * @returns the features, by name
 * @throws FabraError `invalid_name`, `duplicate_name`, `unknown_entity`, `invalid_argument`, `invalid_value`
 * @example
 * // How long ago the last login was, in milliseconds, at the time of reading.
 * defineState(store, "login", {
 *   entity: User,
 *   trigger: login,
 *   fields: ["at"],
 *   update(state, { timestamp }) {
 *     state.set("at", String(timestamp.getTime()))
 *     return true
 *   },
 *   features: {
 *     since_login: {
 *       about: "time since the last login",
 *       fields: ["at"],
 *       finish(state, at) {
 *         const eventTime = Number(state.get("at") ?? Number.NaN)
 *         return Number.isNaN(eventTime) ? undefined : { value: at - eventTime, eventTime, toleranceMs: 0 }
 *       },
 *     },
 *   },
 * })
 */
export function defineState<const T extends Trigger | readonly Trigger[]>(
  { registry }: FeatureStore,
  name: string,
  options: StateOptions<T>,
): Readonly<Record<string, Feature>> {
  return registry.addState(name, options)
}
