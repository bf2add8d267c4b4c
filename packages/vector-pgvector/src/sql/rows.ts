import type { DocumentState, VectorHit } from "@fabra/core/adapter"
import type { JsonObject, JsonValue } from "@fabra/events"
import type { Row } from "../database.js"
import { unescapeJson, unescapeText } from "./escape.js"

/** A row of `documents`. */
export function toState(row: Row): [entityId: string, state: DocumentState] {
  const { entity_id, source, position, written_outside, content_hash } = row as {
    entity_id: string
    source: string | null
    position: string
    written_outside: boolean
    content_hash: string | null
  }
  const version = source === null ? null : { source: unescapeText(source), position: unescapeText(position) }
  const contentHash = content_hash === null ? null : unescapeText(content_hash)
  return [unescapeText(entity_id), { version, writtenDirectly: written_outside, contentHash }]
}

/** A row that a search has found. */
export function toHit(row: Row): VectorHit {
  const { entity_id, chunk, text, start_at, end_at, score, metadata, event_time, indexed_at } = row as {
    entity_id: string
    chunk: number
    text: string
    start_at: number
    end_at: number
    score: number
    metadata: JsonValue
    event_time: number | null
    indexed_at: number
  }
  return {
    entityId: unescapeText(entity_id),
    chunk,
    text: unescapeText(text),
    start: start_at,
    end: end_at,
    score,
    metadata: unescapeJson(metadata) as JsonObject,
    eventTime: event_time,
    indexedAt: indexed_at,
  }
}
