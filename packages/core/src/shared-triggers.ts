import type { Registry } from "./registry.js"

/** An event that changes features of several entities, all under the one id it has. */
export interface SharedTrigger {
  readonly eventType: string
  /** Names of the entities, two at least. */
  readonly entities: readonly string[]
  /** A sentence for people that names the event, the entities and a feature of each. */
  readonly message: string
}

/**
 * Finds events that change features of several entities. An event has one entity id: unless the entities share their ids,
 * the features of all but one are computed for ids that are not theirs.
 */
export function sharedTriggers(registry: Registry): readonly SharedTrigger[] {
  return registry.eventTypes.flatMap((eventType) => {
    const firstOf = new Map<string, string>()
    for (const { feature, key } of registry.handlersFor(eventType)) {
      if (key !== undefined) continue
      if (!firstOf.has(feature.entity.name)) firstOf.set(feature.entity.name, feature.name)
    }
    if (firstOf.size < 2) return []
    const entities = [...firstOf.keys()]
    const features = [...firstOf].map(([entity, feature]) => `${entity} ("${feature}")`).join(" and ")
    const message =
      `Event "${eventType}" changes features of ${features}: all are computed for the event's one entity id. ` +
      "Unless these entities share their ids, say with `key` whose features the event changes."
    return [{ eventType, entities, message }]
  })
}
