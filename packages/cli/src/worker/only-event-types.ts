import { FeatureStore } from "@fabra/core"
import { FabraError, nearest } from "@fabra/events"

/**
 * A store that has every feature of `store`, but computes only those that the named events trigger.
 * @throws FabraError `invalid_setting` for an event nothing is triggered by, and for a feature that would be computed in
 *   part: its other events would be lost to it
 */
export function onlyEventTypes(store: FeatureStore, eventTypes: readonly string[]): FeatureStore {
  const { registry } = store
  for (const name of eventTypes) checkTriggers(name, registry.eventTypes)
  const chosen = new Set(eventTypes)
  const some = new FeatureStore()
  for (const { name, key } of registry.entities.values()) some.entity(name, { key })
  for (const feature of registry.features.values()) {
    const { name, entity, triggers, maxRetries, timeoutMs, initial } = feature
    const [first] = triggers.filter((trigger) => chosen.has(trigger))
    const handler = registry.handlersFor(first ?? "").find((one) => one.feature === feature)
    const options: Parameters<typeof registry.addFeature>[1] = { entity: entity.name, initial, maxRetries, timeoutMs }
    if (handler === undefined) {
      some.registry.addFeature(name, options)
      continue
    }
    const left = triggers.find((trigger) => !chosen.has(trigger))
    if (left !== undefined) {
      throw fault(`feature "${name}" is triggered by "${first}" and by "${left}": name both or neither.`)
    }
    const trigger = triggers.map((one) => registry.events.get(one) ?? one)
    const { compute, when } = handler
    some.registry.addFeature(name, { ...options, trigger, compute, ...(when === undefined ? {} : { when }) })
  }
  return some
}

function checkTriggers(name: string, known: readonly string[]): void {
  if (known.includes(name)) return
  const [near] = nearest(name, known)
  const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean "${near}"?`
  throw fault(`no feature is triggered by "${name}"; ${hint}`)
}

function fault(message: string): FabraError {
  return new FabraError("invalid_setting", `--event-type: ${message}`, { path: "FABRA_WORKER_EVENT_TYPES" })
}
