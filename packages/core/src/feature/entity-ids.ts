import { type AxiomEvent, FabraError } from "@fabra/events"
import { checkEntityId, show } from "@fabra/events/adapter"
import type { FeatureHandler } from "./feature.js"

/** Most entities of a type that one event may change. */
export const MAX_KEYS = 100

/**
 * The ids of the entities whose feature an event changes: that of the event, or those that the feature's `key` returns, each once.
 * @throws FabraError `invalid_value`, with path `key`, when `key` returns anything but ids; whatever `key` throws
 */
export function entityIdsOf({ feature, key }: FeatureHandler, event: AxiomEvent): readonly string[] {
  if (key === undefined) return [event.entityId]
  const found: unknown = key(event)
  if (found === undefined) return []
  const ids: readonly unknown[] = Array.isArray(found) ? [...new Set(found)] : [found]
  if (ids.length > MAX_KEYS) {
    throw refusal(feature.name, `returned ${ids.length} ids: one event changes at most ${MAX_KEYS} entities of a type.`)
  }
  for (const id of ids) {
    try {
      checkEntityId(id, "key")
    } catch (error) {
      const isId = typeof id === "string"
      const allowed = "it must return an id, a list of ids, or undefined for none."
      throw refusal(
        feature.name,
        isId ? `returned an id that is refused: ${FabraError.from(error).message}` : `returned ${show(id)}: ${allowed}`,
      )
    }
  }
  return ids as readonly string[]
}

function refusal(feature: string, message: string): FabraError {
  return new FabraError("invalid_value", `key of "${feature}" ${message}`, { path: "key" })
}
