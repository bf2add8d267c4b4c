import { type AxiomEvent, type EventDefinition, FabraError, parseEvent, systemClock } from "@fabra/events"
import { withDeadline } from "@fabra/events/adapter"
import { Problem } from "../answer/problem.js"
import type { ServerContext } from "../context.js"
import { unknownName } from "../lookup.js"
import type { EventFields } from "./event-fields.js"

/**
 * Makes an event of what a client sent, if the store knows its type and its payload is what the schema says.
 * @throws Problem `unknown_event_type`, `invalid_event`
 */
export async function acceptEvent(context: ServerContext, fields: EventFields): Promise<AxiomEvent> {
  checkEventType(context, fields.event_type)
  const event = toEvent(fields)
  const definition = context.store.registry.events.get(event.eventType)
  if (definition?.schema !== undefined) await checkPayload(context, event, definition)
  return event
}

function checkEventType({ store, settings }: ServerContext, eventType: string): void {
  if (settings.acceptUnknownEvents || store.registry.handlersFor(eventType).length > 0) return
  const known = store.registry.eventTypes
  const wanted = { name: eventType, known, path: "event_type" }
  throw unknownName("unknown_event_type", `No feature is triggered by "${eventType}".`, wanted)
}

function toEvent(fields: EventFields): AxiomEvent {
  try {
    return parseEvent(fields)
  } catch (error) {
    const { message, path, issues } = FabraError.from(error)
    throw new Problem("invalid_event", message, { path, issues, cause: error })
  }
}

async function checkPayload(
  { settings }: ServerContext,
  event: AxiomEvent,
  definition: EventDefinition<string, unknown>,
): Promise<void> {
  try {
    const checked = definition.parse(event.payload)
    const late = () => new FabraError("timeout", `The schema took longer than ${settings.deadlineMs} ms.`)
    if (checked instanceof Promise) await withDeadline(systemClock, checked, settings.deadlineMs, late)
  } catch (error) {
    if (error instanceof FabraError && error.code === "invalid_event") {
      throw new Problem("invalid_event", error.message, { path: error.issues[0]?.path, issues: error.issues })
    }
    settings.logger.error({ event_type: event.eventType, error }, "A schema failed.")
    const message = `The schema of event "${event.eventType}" fails on this payload.`
    throw new Problem("invalid_event", message, { path: "payload", cause: error })
  }
}
