import { type AxiomEvent, createEvent, FabraError, nearest } from "@fabra/events"
import type { ServerContext } from "../context.js"
import { withDeadline } from "../deadline.js"
import { Problem } from "../problem.js"

/** An event as clients write it. */
export interface EventFields {
  readonly event_type: string
  readonly entity_id: string
  readonly payload?: object
  readonly timestamp?: string | number
  readonly event_id?: string
  readonly traceparent?: string
}

/**
 * Makes an event of what a client sent, if the store knows its type and its payload is what the schema says.
 * @throws Problem `unknown_event_type`, `invalid_event`
 */
export async function acceptEvent(context: ServerContext, fields: EventFields): Promise<AxiomEvent<string, object>> {
  checkEventType(context, fields.event_type)
  const event = toEvent(fields)
  await checkPayload(context, event)
  return event
}

/** @throws Problem `unknown_event_type`, with the nearest known ones */
export function checkEventType({ store, settings }: ServerContext, eventType: string): void {
  const { eventTypes } = store.registry
  if (settings.acceptUnknownEvents || eventTypes.includes(eventType)) return
  const near = nearest(eventType, eventTypes)
  const hint = near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`
  throw new Problem("unknown_event_type", `No feature is triggered by "${eventType}".${hint}`, {
    path: "event_type",
    allowed: near.length === 0 ? eventTypes : near,
  })
}

function toEvent({ event_type, entity_id, payload, timestamp, event_id, traceparent }: EventFields) {
  try {
    return createEvent<string, object>({
      eventType: event_type,
      entityId: entity_id,
      ...(payload === undefined ? {} : { payload }),
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(event_id === undefined ? {} : { eventId: event_id }),
      ...(traceparent === undefined ? {} : { traceparent }),
    })
  } catch (error) {
    const { message, path, issues } = FabraError.from(error)
    throw new Problem("invalid_event", message, { path, issues, cause: error })
  }
}

async function checkPayload({ store, settings }: ServerContext, event: AxiomEvent<string, object>): Promise<void> {
  const definition = store.registry.events.get(event.eventType)
  if (definition?.schema === undefined) return
  const { deadlineMs } = settings
  try {
    const checked = definition.parse(event.payload)
    if (!(checked instanceof Promise)) return
    await withDeadline(checked, deadlineMs, () => new FabraError("timeout", "The schema did not answer."))
  } catch (error) {
    if (error instanceof FabraError && error.code === "invalid_event") {
      throw new Problem("invalid_event", error.message, { path: error.issues[0]?.path, issues: error.issues })
    }
    settings.logger.error({ event_type: event.eventType, error }, "A schema failed.")
    throw new Problem("invalid_event", `The schema of event "${event.eventType}" fails on this payload.`, {
      path: "payload",
      cause: error,
    })
  }
}
