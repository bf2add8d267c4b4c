import { type Clock, systemClock } from "../clock.js"
import { FabraError } from "../errors.js"
import { show } from "../message.js"
import { type AxiomEvent, checkEvent, type ReplayOrigin, TRACEPARENT } from "./event.js"
import { newEventId } from "./event-id.js"
import { checkJson, isPlainObject, type JsonObject } from "./json.js"
import { checkEntityId, checkEventId, checkName, utf8Length } from "./names.js"
import { spellTime } from "./spell-time.js"
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
  const { eventId, eventType, entityId, timestamp, payload, traceparent, awaited, replay } = event
  const text = JSON.stringify({
    event_id: eventId,
    event_type: eventType,
    entity_id: entityId,
    timestamp: spellTime(timestamp),
    payload,
    traceparent,
    awaited: awaited === true ? true : undefined,
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
 * epoch) and `event_id` may be absent, `payload` too. Fields it does not know are left out, `replay` and `awaited` among them.
 * @throws FabraError `invalid_event` with the path of what is missing or wrong
 */
export function parseEvent(fields: unknown, clock: Clock = systemClock): AxiomEvent {
  const read = readFields(fields, (name) => {
    if (name === "event_id") return newEventId(clock)
    if (name === "timestamp") return clock.now()
    if (name === "payload") return {}
    throw new FabraError("invalid_event", `The event has no ${name}.`, { path: name })
  })
  const { replay: _, awaited: __, ...event } = read
  return event
}

function readFields(fields: unknown, missing: (name: string) => unknown): AxiomEvent {
  if (!isPlainObject(fields)) {
    throw new FabraError("invalid_event", `An event must be a JSON object; this is ${show(fields)}.`)
  }
  try {
    const eventType = take(fields, "event_type", missing)
    checkName("event", eventType, "event_type")
    const entityId = take(fields, "entity_id", missing)
    checkEntityId(entityId)
    const eventId = take(fields, "event_id", missing)
    checkEventId(eventId)
    const timestamp = parseTime(take(fields, "timestamp", missing))
    const payload = take(fields, "payload", missing)
    if (!isPlainObject(payload)) {
      throw new FabraError("invalid_event", `payload is ${show(payload)}: it must be an object.`, { path: "payload" })
    }
    checkJson(payload, "payload")
    const event = { eventType, entityId, payload: payload as JsonObject, timestamp, eventId }
    const { traceparent, awaited, replay } = fields
    if (traceparent === undefined && awaited === undefined && replay === undefined) return event
    const marks = awaited === true ? { awaited } : {}
    return { ...event, ...readTraceparent(traceparent), ...marks, ...readReplay(replay) }
  } catch (error) {
    const known = FabraError.from(error)
    if (known.code === "invalid_event") throw known
    throw new FabraError("invalid_event", known.message, { issues: known.issues, cause: known, path: known.path })
  }
}

function take(fields: Record<string, unknown>, name: string, missing: (name: string) => unknown): unknown {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return value === undefined ? missing(name) : value
}

/** A broken trace context is dropped, as W3C asks: it must never cost the event. */
function readTraceparent(value: unknown): { traceparent?: string } {
  return typeof value === "string" && TRACEPARENT.test(value) ? { traceparent: value } : {}
}

function readReplay(value: unknown): { replay?: ReplayOrigin } {
  if (value === undefined) return {}
  if (isPlainObject(value)) {
    const { of, group, features, entityType, entityId, position, forwarded, discard } = value
    if (typeof of === "string" && typeof group === "string" && Array.isArray(features)) {
      if (features.every((name) => typeof name === "string")) {
        const whose = {
          ...(typeof entityType === "string" && { entityType }),
          ...(typeof entityId === "string" && { entityId }),
          ...(forwarded === true && { forwarded }),
        }
        const where = typeof position === "string" ? { position } : {}
        return { replay: { of, group, features, ...whose, ...where, ...(discard === true ? { discard } : {}) } }
      }
    }
  }
  throw new FabraError("invalid_event", `replay is ${show(value)}: it must be {of, group, features}.`, {
    path: "replay",
  })
}
