import type { DocumentRemoval, DocumentVersion, VectorDocument } from "@fabra/core/adapter"
import type { JsonValue } from "@fabra/events"
import { escapeJson, escapeText } from "./escape.js"
import { spellVector } from "./vector-type.js"

/** Most chunks in one call, unless one document alone has more: each takes its time to go into the HNSW index. */
const MAX_CHUNKS = 250

/** What `write_documents` reads of one document. */
export interface Write {
  readonly entity_id: string
  readonly source: string | null
  readonly position: string | null
  /** `null`: it is removed. */
  readonly content_hash: string | null
  readonly metadata: JsonValue
  readonly event_time: number | null
  readonly indexed_at: number
  /** `null`: those that are there stay. */
  readonly chunks: readonly object[] | null
}

/** Documents as they are written, shared out among calls. */
export function* upsertCalls(documents: readonly VectorDocument[]): Generator<Write[]> {
  let call: Write[] = []
  let chunks = 0
  for (const document of documents) {
    const more = document.chunks?.length ?? 0
    if (call.length > 0 && chunks + more > MAX_CHUNKS) {
      yield call
      call = []
      chunks = 0
    }
    call.push(upsertJson(document))
    chunks += more
  }
  if (call.length > 0) yield call
}

function upsertJson({ entityId, version, contentHash, metadata, eventTime, indexedAt, chunks }: VectorDocument): Write {
  return {
    entity_id: escapeText(entityId),
    ...versionJson(version),
    content_hash: escapeText(contentHash),
    metadata: escapeJson(metadata),
    event_time: eventTime,
    indexed_at: indexedAt,
    chunks:
      chunks?.map(({ text, start, end, vector }) => ({
        text: escapeText(text),
        start,
        end,
        vector: spellVector(vector),
      })) ?? null,
  }
}

/** A removed document is one without chunks and hash. */
export function removalJson({ entityId, version, removedAt }: DocumentRemoval): Write {
  const nothing = { content_hash: null, metadata: {}, event_time: null, chunks: [] }
  return { entity_id: escapeText(entityId), ...versionJson(version), ...nothing, indexed_at: removedAt }
}

function versionJson(version: DocumentVersion | null) {
  if (version === null) return { source: null, position: null }
  return { source: escapeText(version.source), position: escapeText(version.position) }
}
