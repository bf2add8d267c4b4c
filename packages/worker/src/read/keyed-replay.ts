import { type FeatureHandler, targetsOf } from "@fabra/core/adapter"
import type { AxiomEvent, ReplayOrigin } from "@fabra/events"
import type { Route } from "./route.js"

/** The routes of a replay, where the event triggers features that have a `key`. */
export function keyedReplay(
  handlers: readonly FeatureHandler[],
  event: AxiomEvent,
  replay: ReplayOrigin,
): readonly Route[] {
  const { entityType, entityId, features, discard } = replay
  const aimed = handlers.filter(
    ({ feature }) => features.includes(feature.name) && feature.entity.name === (entityType ?? feature.entity.name),
  )
  const type = entityType ?? aimed[0]?.feature.entity.name
  if (type === undefined) return []
  // It failed for this entity, whatever the key returns by now.
  if (entityId !== undefined || discard)
    return [{ entityType: type, entityId, handlers: aimed, isForwarded: replay.forwarded }]
  return [afterFailedKey(type, aimed, event)]
}

/** What failed because of its `key` stands in the record with the event's own id. The key may work now, and name other entities. */
function afterFailedKey(entityType: string, aimed: readonly FeatureHandler[], event: AxiomEvent): Route {
  const { targets, failed } = targetsOf(aimed, event)
  const forwards = new Map<FeatureHandler, string[]>(
    aimed.filter((handler) => handler.key !== undefined && !failed.has(handler)).map((handler) => [handler, []]),
  )
  for (const { key, handlers } of targets) for (const handler of handlers) forwards.get(handler)?.push(key.entityId)
  return { entityType, entityId: event.entityId, handlers: aimed, failed, forwards }
}
