import type { DeadLetter, DeadLetterReason, Position } from "@fabra/events"
import { type NewDeadLetter, show } from "@fabra/events/adapter"
import { toPosition } from "../keyspace/positions.js"
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

/** Reads {@link toFields} back. What is missing, because somebody else wrote the entry, is empty. */
export function fromEntry([id, flat]: StreamEntry): DeadLetter {
  const fields = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] as string, flat[i + 1] as string)
  const text = (name: string) => fields.get(name) ?? ""
  const optional = <Name extends string>(name: string, property: Name) =>
    (fields.has(name) ? { [property]: text(name) } : {}) as { readonly [key in Name]?: string }
  return {
    id: toPosition(id),
    group: text("group"),
    partition: Number(text("partition")),
    position: text("position") as Position,
    data: text("event"),
    ...optional("event_id", "eventId"),
    ...optional("event_type", "eventType"),
    ...optional("entity_id", "entityId"),
    ...optional("entity_type", "entityType"),
    features: readFeatures(text("features")),
    reason: text("reason") as DeadLetterReason,
    error: { name: text("error_name"), message: text("error_message"), ...optional("error_stack", "stack") },
    attempts: Number(text("attempts")),
    firstFailedAt: Date.parse(text("first_failed_at")),
    lastFailedAt: Date.parse(text("last_failed_at")),
  }
}

function readFeatures(text: string): string[] {
  try {
    const features: unknown = JSON.parse(text)
    return Array.isArray(features) ? features.map((name) => (typeof name === "string" ? name : show(name))) : []
  } catch {
    return []
  }
}
