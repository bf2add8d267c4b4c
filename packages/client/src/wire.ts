import type { SearchHit } from "@fabra/core"
import { uuidv7 } from "uuidv7"
import type { FeatureValue } from "./types.js"

/** An event as callers give it, whatever its type. */
export interface AnyEvent {
  readonly entityId: string
  readonly payload?: object | undefined
  readonly timestamp?: Date | string | number | undefined
  readonly eventId?: string | undefined
  readonly traceparent?: string | undefined
}

/** Sorts by time. Made here and not by the server, so that a repeated request is about the same event. */
export function newEventId(): string {
  return `evt_${uuidv7()}`
}

/** The event as it is sent. */
export function toWire(
  { entityId, payload = {}, timestamp, traceparent }: AnyEvent,
  eventId: string,
  eventType?: string,
): object {
  return { event_type: eventType, entity_id: entityId, payload, timestamp, event_id: eventId, traceparent }
}

/** The values of an answer. */
export function valuesFromWire(features: Record<string, any>): Record<string, FeatureValue<unknown>> {
  return Object.fromEntries(
    Object.entries(features).map(([name, { value, status, event_time, computed_at, tolerance_ms }]) => [
      name,
      {
        value,
        status,
        eventTime: toDate(event_time),
        computedAt: toDate(computed_at),
        ...(tolerance_ms !== undefined && { toleranceMs: tolerance_ms }),
      },
    ]),
  )
}

/** A hit of an answer. */
export function hitFromWire({ entity_id, event_time, indexed_at, ...same }: any): SearchHit {
  return { entityId: entity_id, ...same, eventTime: toDate(event_time), indexedAt: new Date(indexed_at) }
}

function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
