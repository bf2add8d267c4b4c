import { type AxiomEvent, FabraError } from "@fabra/events"
import type { EntityKey } from "../cache/cache.js"
import { entityIdsOf } from "./entity-ids.js"
import type { FeatureHandler } from "./feature.js"

/** An entity that an event changes. */
export interface EventTarget {
  readonly key: EntityKey
  /** In the order of their definition. */
  readonly handlers: readonly FeatureHandler[]
}

/** All that an event changes. */
export interface EventTargets {
  readonly targets: readonly EventTarget[]
  /** Handlers whose `key` failed, and why: their dead letters are of the entity with the event's own id. */
  readonly failed: ReadonlyMap<FeatureHandler, FabraError>
}

/** The entities that an event changes, each once: whatever it changes of one entity is one commit. */
export function targetsOf(handlers: readonly FeatureHandler[], event: AxiomEvent): EventTargets {
  const targets = new Map<string, { readonly key: EntityKey; readonly handlers: FeatureHandler[] }>()
  const failed = new Map<FeatureHandler, FabraError>()
  for (const handler of handlers) {
    const entityType = handler.feature.entity.name
    try {
      for (const entityId of entityIdsOf(handler, event)) {
        const name = `${entityType}/${entityId}` // names of types hold no slash
        const target = targets.get(name) ?? { key: { entityType, entityId }, handlers: [] }
        target.handlers.push(handler)
        targets.set(name, target)
      }
    } catch (error) {
      failed.set(handler, FabraError.from(error, "invalid_value"))
    }
  }
  return { targets: [...targets.values()], failed }
}
