import { type Clock, systemClock } from "./clock.js"
import { FabraError } from "./errors.js"
import { type AxiomEvent, checkEvent, type ReplayOrigin, TRACEPARENT } from "./event.js"
import { newEventId } from "./event-id.js"
import { checkJson, isPlainObject, type JsonObject } from "./json.js"
import { checkEntityId, checkEventId, checkName, show, utf8Length } from "./names.js"
import { parseTime } from "./time.js"

/** Default largest event on the wire: 256 KiB. */
export const DEFAULT_MAX_EVENT_BYTES = 256 * 1024
/** What telling which failure a replay repairs may add. */
const REPLAY_BYTES = 64 * 1024

/**
 * Spells an event as it travels: one line of JSON in snake_case, the time in ISO 8601.
 * {@link decodeEvent} gives back an equal event.
 *
 * @param maxBytes largest result, in bytes of UTF-8
 * @throws FabraError `event_too_large`, or as `createEvent` for what JSON cannot carry
 */
export function encodeEvent(event: AxiomEvent<string, object>, maxBytes: number = DEFAULT_MAX_EVENT_BYTES): string {
  checkEvent(event)
  const { eventId, eventType, entityId, timestamp, payload, traceparent, replay } = event
  const text = JSON.stringify({
    event_id: eventId,
    event_type: eventType,
    entity_id: entityId,
    timestamp: timestamp.toISOString(),
    payload,
    traceparent,
    replay,
  })
  // An event that was small enough once must not be too large for its own replay.
  checkSize(text, replay === undefined ? maxBytes : maxBytes + REPLAY_BYTES)
  return text
}

function checkSize(text: string, maxBytes: number): void {
  if (text.length * 3 <= maxBytes) return // no UTF-16 unit takes more than three bytes
  const bytes = utf8Length(text)
  if (bytes <= maxBytes) return
  throw new FabraError(
    "event_too_large",
    `The event takes ${bytes} bytes; at most ${maxBytes} are allowed. Keep large content elsewhere and publish its address.`,
  )
}

/**
 * Reads an event off the wire. Fields it does not know are left out.
 * @throws FabraError `invalid_event` with the path of what is missing or wrong
 */
export function decodeEvent(text: string, maxBytes: number = DEFAULT_MAX_EVENT_BYTES): AxiomEvent {
  checkSize(text, maxBytes)
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch (cause) {
    throw new FabraError("invalid_event", `The event is not JSON: ${(cause as Error).message}`, { cause })
  }
  return readFields(fields, (name) => {
    throw new FabraError("invalid_event", `The event has no ${name}.`, { path: name })
  })
}

/**
 * Reads an event as people and programs outside write it, already parsed from JSON: snake_case, `timestamp` (ISO 8601 or
 * epoch) and `event_id` may be absent, `payload` too. Fields it does not know are left out, `replay` among them.
 * @throws FabraError `invalid_event` with the path of what is missing or wrong
 */
export function parseEvent(fields: unknown, clock: Clock = systemClock): AxiomEvent {
  const { replay: _, ...event } = readFields(fields, (name) => {
    if (name === "event_id") return newEventId(clock)
    if (name === "timestamp") return clock.now()
    if (name === "payload") return {}
    throw new FabraError("invalid_event", `The event has no ${name}.`, { path: name })
  })
  return event
}

function readFields(fields: unknown, missing: (name: string) => unknown): AxiomEvent {
  if (!isPlainObject(fields)) {
    throw new FabraError("invalid_event", `An event must be a JSON object; this is ${show(fields)}.`)
  }
  const take = (name: string) => (Object.hasOwn(fields, name) ? fields[name] : missing(name))
  try {
    const eventType = take("event_type")
    checkName("event", eventType, "event_type")
    const entityId = take("entity_id")
    checkEntityId(entityId)
    const eventId = take("event_id")
    checkEventId(eventId)
    const timestamp = parseTime(take("timestamp"))
    const payload = take("payload")
    if (!isPlainObject(payload)) {
      throw new FabraError("invalid_event", `payload is ${show(payload)}: it must be an object.`, { path: "payload" })
    }
    checkJson(payload, "payload")
    const replay = readReplay(fields.replay)
    const { traceparent } = fields
    return {
      eventType,
      entityId,
      payload: payload as JsonObject,
      timestamp,
      eventId,
      // A broken trace context is dropped, as W3C asks: it must never cost the event.
      ...(typeof traceparent === "string" && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
      ...(replay === undefined ? {} : { replay }),
    }
  } catch (error) {
    const known = FabraError.from(error)
    if (known.code === "invalid_event") throw known
    throw new FabraError("invalid_event", known.message, { issues: known.issues, cause: known, ...pathOf(known) })
  }
}

function pathOf({ path }: FabraError): { path?: string } {
  return path === undefined ? {} : { path }
}

function readReplay(value: unknown): ReplayOrigin | undefined {
  if (value === undefined) return undefined
  if (isPlainObject(value)) {
    const { of, group, features, discard } = value
    if (typeof of === "string" && typeof group === "string" && Array.isArray(features)) {
      if (features.every((name) => typeof name === "string")) {
        return { of, group, features, ...(discard === true ? { discard } : {}) }
      }
    }
  }
  throw new FabraError("invalid_event", `replay is ${show(value)}: it must be {of, group, features}.`, {
    path: "replay",
  })
}
