import { type AnyFeatureOptions, FeatureStore } from "@fabra/core"
import type { StateOptions } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import { didYouMean } from "@fabra/events/adapter"

/**
 * A store that has every feature of `store`, but computes only those that the named events trigger.
 * @throws FabraError `invalid_setting` for an event nothing is triggered by, and for a feature that would be computed in
 *   part: its other events would be lost to it
 */
export function onlyEventTypes(store: FeatureStore, eventTypes: readonly string[]): FeatureStore {
  const { registry } = store
  for (const name of eventTypes) checkTriggers(name, registry.eventTypes)
  const chosen = new Set(eventTypes)
  const some = new FeatureStore({ offline: store.offline })
  for (const { name, key } of registry.entities.values()) some.entity(name, { key })
  for (const { name, entity, triggers, computedBy, state } of registry.features.values()) {
    if (state !== undefined) {
      if (!some.registry.states.has(state.name)) {
        const { trigger, ...options } = registry.states.get(state.name) as StateOptions
        const isChosen = isWhollyChosen(state.name, triggers, chosen)
        some.registry.addState(state.name, { ...options, entity: entity.name, trigger: isChosen ? trigger : undefined })
      }
      continue
    }
    const { initial, default: fallback, ttl, maxAge, ...rest } = registry.definitions.get(name) as AnyFeatureOptions
    const kept = { ...withoutUndefined({ initial, default: fallback, ttl, maxAge }), entity: entity.name }
    const computed = { ...rest, ...kept }
    const isComputed = computedBy === "reads" || isWhollyChosen(name, triggers, chosen)
    some.registry.addFeature(name, isComputed ? computed : kept)
  }
  // Records that workers of other events change too must be treated as such here.
  for (const entityType of registry.keyedTypes) some.registry.keyedTypes.add(entityType)
  return some
}

/** Whether the events that trigger a feature are chosen. @throws FabraError `invalid_setting` where only some are */
function isWhollyChosen(name: string, triggers: readonly string[], chosen: ReadonlySet<string>): boolean {
  const chosenOnes = triggers.filter((trigger) => chosen.has(trigger))
  const left = triggers.find((trigger) => !chosen.has(trigger))
  if (chosenOnes.length > 0 && left !== undefined) {
    throw fault(`feature "${name}" is triggered by "${chosenOnes[0]}" and by "${left}": name both or neither.`)
  }
  return chosenOnes.length > 0
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
}

function checkTriggers(name: string, known: readonly string[]): void {
  if (known.includes(name)) return
  const hint = didYouMean(name, known) || ` There are ${known.join(", ")}.`
  throw fault(`no feature is triggered by "${name}".${hint}`)
}

function fault(message: string): FabraError {
  return new FabraError("invalid_setting", `--event-type: ${message}`, { path: "FABRA_WORKER_EVENT_TYPES" })
}
