import type { FeatureStore } from "@fabra/core"
import type { JsonObject } from "@fabra/events"
import { samplePayload } from "./sample.js"

/** An event that the user's own features are changed by, to begin with. */
export interface FirstEvent {
  readonly eventType: string
  readonly entityType: string
  readonly entityId: string
  readonly payload: JsonObject
}

/** Makes one up for the first event whose schema a payload can be made up for; `undefined` when there is none. */
export async function firstEvent({ registry }: FeatureStore): Promise<FirstEvent | undefined> {
  for (const eventType of registry.eventTypes) {
    const entity = registry.handlersFor(eventType)[0]?.feature.entity
    const payload = await samplePayload(registry.events.get(eventType))
    if (entity === undefined || payload === undefined) continue
    return { eventType, entityType: entity.name, entityId: `${entity.key.replace(/_?id$/i, "") || "id"}_123`, payload }
  }
  return undefined
}

/** The event as a command line to paste. */
export function toCurl({ eventType, entityId, payload }: FirstEvent, url: string): string {
  const body = JSON.stringify({ entity_id: entityId, payload }).replaceAll("'", String.raw`'\''`)
  return [
    `curl -X POST ${url}/ingest/${encodeURIComponent(eventType)} \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${body}'`,
  ].join("\n")
}
