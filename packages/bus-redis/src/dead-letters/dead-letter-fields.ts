import { DEAD_LETTER_REASONS, type DeadLetter, type Position } from "@fabra/events"
import { type NewDeadLetter, show } from "@fabra/events/adapter"
import { timeOf, toPosition } from "../keyspace/positions.js"
import type { StreamEntry } from "../read/records.js"

/** A dead letter as fields and values in turn: flat, so that `redis-cli XRANGE fabra:dlq - +` can be read. The longest field comes last. */
export function toFields(entry: NewDeadLetter): string[] {
  const { error } = entry
  const fields: Record<string, string | undefined> = {
    event_id: entry.eventId,
    event_type: entry.eventType,
    entity_id: entry.entityId,
    entity_type: entry.entityType,
    features: JSON.stringify(entry.features),
    reason: entry.reason,
    error_name: error.name,
    error_message: error.message,
    attempts: String(entry.attempts),
    first_failed_at: new Date(entry.firstFailedAt).toISOString(),
    last_failed_at: new Date(entry.lastFailedAt).toISOString(),
    group: entry.group,
    partition: String(entry.partition),
    position: entry.position,
    event: entry.data,
    error_stack: error.stack,
  }
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
}

/**
 * Reads {@link toFields} back. Anybody may write to the stream: what is missing, or not as it must be, is empty; times are then
 * that of the entry.
 */
export function fromEntry([id, flat]: StreamEntry): DeadLetter {
  const fields = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] as string, flat[i + 1] as string)
  const text = (name: string) => fields.get(name) ?? ""
  const optional = <Name extends string>(name: string, property: Name) =>
    (fields.has(name) ? { [property]: text(name) } : {}) as { readonly [key in Name]?: string }
  return {
    id: toPosition(id),
    group: text("group"),
    partition: numberIn(text("partition")),
    position: text("position") as Position,
    data: text("event"),
    ...optional("event_id", "eventId"),
    ...optional("event_type", "eventType"),
    ...optional("entity_id", "entityId"),
    ...optional("entity_type", "entityType"),
    features: readFeatures(text("features")),
    reason: DEAD_LETTER_REASONS.find((reason) => reason === text("reason")) ?? "invalid_event",
    error: {
      name: fields.get("error_name") ?? "Error",
      message: fields.get("error_message") ?? "The entry tells no error: no worker has written it.",
      ...optional("error_stack", "stack"),
    },
    attempts: numberIn(text("attempts")),
    firstFailedAt: timeIn(text("first_failed_at"), id),
    lastFailedAt: timeIn(text("last_failed_at"), id),
  }
}

function numberIn(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}

function timeIn(text: string, id: string): number {
  const time = Date.parse(text)
  return Number.isNaN(time) ? timeOf(toPosition(id)) : time
}

function readFeatures(text: string): string[] {
  try {
    const features: unknown = JSON.parse(text)
    return Array.isArray(features) ? features.map((name) => (typeof name === "string" ? name : show(name))) : []
  } catch {
    return []
  }
}
