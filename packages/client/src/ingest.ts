import type { FabraApiError } from "./api-error.js"
import type { CallOptions, WaitOptions } from "./options.js"
import { type Transport, toQuery } from "./transport.js"
import type { Applied, Ingested } from "./types.js"
import { type AnyEvent, newEventId, toWire, valuesFromWire } from "./wire.js"

/** See `FabraClient.ingest`. */
export async function ingest(
  transport: Transport,
  eventType: string,
  event: AnyEvent,
  { signal, wait, waitMs = 2000 }: CallOptions & Partial<WaitOptions>,
): Promise<Ingested | Applied<unknown>> {
  const eventId = event.eventId ?? newEventId()
  const query = wait === undefined ? "" : toQuery({ wait, timeout: `${Math.trunc(waitMs)}ms` })
  const path = `/ingest/${encodeURIComponent(eventType)}${query}`
  const body = JSON.stringify(toWire(event, eventId))
  try {
    const answer = await transport.send({ path, body, signal, extraMs: wait === undefined ? 0 : waitMs })
    const ingested = { eventId, duplicate: answer.duplicate }
    if (wait === undefined) return ingested
    const { applied, dead_lettered: deadLettered, features } = answer
    return { ...ingested, applied, deadLettered, features: valuesFromWire(features) }
  } catch (error) {
    throw (error as FabraApiError).about(eventId)
  }
}
