import type { Position } from "../bus/position.js"
import { type Clock, systemClock } from "../clock.js"
import { FabraError } from "../errors.js"
import { show } from "../message.js"
import { newEventId } from "./event-id.js"
import { checkJson, isPlainObject, type JsonObject } from "./json.js"
import { checkEntityId, checkEventId, checkName } from "./names.js"
import { parseTime } from "./time.js"

/** See https://www.w3.org/TR/trace-context/#traceparent-header */
export const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * Something that happened to one entity.
 *
 * @typeParam Payload what the event says; on its way it is JSON
 */
export interface AxiomEvent<Type extends string = string, Payload = JsonObject> {
  /** Name of the event; features whose trigger has this name are computed. */
  readonly eventType: Type
  /** The entity it happened to. Events of one entity are applied in the order in which the bus accepted them. */
  readonly entityId: string
  readonly payload: Payload
  /** When it happened (event time), to the millisecond. */
  readonly timestamp: Date
  /** Identity: publishing it again for the same entity within the dedupe window changes nothing. `evt_…` when generated. */
  readonly eventId: string
  /** W3C trace context of the publisher, https://www.w3.org/TR/trace-context/. */
  readonly traceparent?: string
  /** Somebody waits for its effects: workers leave their mark in the entity's record even when it changes nothing. */
  readonly awaited?: boolean
  /** Set on the replay of a dead letter. */
  readonly replay?: ReplayOrigin
}

/** Which failure a replayed event repairs. */
export interface ReplayOrigin {
  /** Id of the event that failed first. */
  readonly of: string
  /** Consumer group it failed in; others skip the replay. */
  readonly group: string
  /** The features that failed; only these are computed. */
  readonly features: readonly string[]
  /** The type of entity they belong to. Earlier versions do not tell it. */
  readonly entityType?: string
  /** The entity it failed for, where that is not the one with the event's own id. */
  readonly entityId?: string | undefined
  /** Where the event stood when it failed first: what it writes elsewhere is as old as that, not as its replay. */
  readonly position?: Position
  /** It comes from the replay of a failed `key`, and is aimed at an entity whose record has no such failure. */
  readonly forwarded?: boolean | undefined
  /** The failure is not repaired but forgotten: nothing is computed. */
  readonly discard?: boolean
}

/** What {@link createEvent} takes. */
export interface EventInput<Type extends string = string, Payload = JsonObject> {
  readonly eventType: Type
  readonly entityId: string
  /** Default `{}`. */
  readonly payload?: Payload | undefined
  /** Default now. A number is epoch milliseconds (seconds when below 1e11); a string is ISO 8601, UTC if it has no offset. */
  readonly timestamp?: Date | string | number | undefined
  /** Default a new, time-sortable `evt_…`. */
  readonly eventId?: string | undefined
  readonly traceparent?: string | undefined
}

/** Clocks of tests, the latest last. */
const testClocks: Clock[] = []

/**
 * Lets events that name no time have that of `clock`, in this process, as a test with a time of its own needs. Ids stay unique: they
 * go by the machine's.
 * @returns what ends it
 */
export function stampEventsBy(clock: Clock): () => void {
  testClocks.push(clock)
  return () => {
    const at = testClocks.lastIndexOf(clock)
    if (at >= 0) testClocks.splice(at, 1)
  }
}

/**
 * Makes an event, filling in its id and time.
 * @throws FabraError `invalid_name`, `invalid_argument` or `invalid_event`, each with the path of the field
 */
export function createEvent<Type extends string, Payload extends object = JsonObject>(
  input: EventInput<Type, Payload>,
  clock?: Clock,
): AxiomEvent<Type, Payload> {
  const { eventType, entityId, payload = {} as Payload, timestamp, eventId, traceparent } = input
  const event: AxiomEvent<Type, Payload> = {
    eventType,
    entityId,
    payload,
    timestamp:
      timestamp === undefined ? new Date((clock ?? testClocks.at(-1) ?? systemClock).now()) : parseTime(timestamp),
    eventId: eventId ?? newEventId(clock),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
  checkEvent(event)
  return event
}

/**
 * Checks that a bus can carry `event` exactly.
 * @throws FabraError as {@link createEvent}
 */
export function checkEvent(event: AxiomEvent<string, unknown>): asserts event is AxiomEvent {
  if (typeof event !== "object" || event === null) {
    throw new FabraError("invalid_event", `${show(event)} is no event; make one with createEvent.`)
  }
  checkName("event", event.eventType, "event_type")
  checkEntityId(event.entityId)
  checkEventId(event.eventId)
  if (!(event.timestamp instanceof Date)) {
    throw new FabraError("invalid_event", `timestamp is ${show(event.timestamp)}: it must be a Date.`, {
      path: "timestamp",
    })
  }
  parseTime(event.timestamp)
  if (event.traceparent !== undefined && !TRACEPARENT.test(event.traceparent)) {
    throw new FabraError("invalid_event", `traceparent ${show(event.traceparent)} is not one of W3C trace context.`, {
      path: "traceparent",
    })
  }
  if (!isPlainObject(event.payload)) {
    throw new FabraError("invalid_event", `payload is ${show(event.payload)}: it must be an object.`, {
      path: "payload",
    })
  }
  checkJson(event.payload, "payload")
}
