import { FabraError, type JsonObject, type Position } from "@fabra/events"
import type { FilterNode } from "./metadata-filter.js"

/** How near two vectors are: by angle, by dot product, or by straight-line distance. */
export type Metric = "cosine" | "inner_product" | "l2"

/** Every {@link Metric}. */
export const METRICS: readonly Metric[] = ["cosine", "inner_product", "l2"]

/** An index, as a vector store has to know it. */
export interface IndexSchema {
  readonly name: string
  /** Length of every vector. */
  readonly dimensions: number
  readonly metric: Metric
  /** `Embedder.id` of what makes the vectors: those of two embedders cannot be compared. */
  readonly embedder: string
  /** In which language full text is read: `english`, `german`, …; `simple` for none. */
  readonly language: string
}

/** From which event a document's text comes. Positions of one source can be compared, others cannot. */
export interface DocumentVersion {
  readonly source: string
  readonly position: Position
}

/** A piece of a document's text and its vector. */
export interface VectorChunk {
  readonly text: string
  /** Where it stands in the document's text, in UTF-16 units: `text === document.slice(start, end)`. */
  readonly start: number
  readonly end: number
  readonly vector: Float32Array
}

/** What a store knows of a document besides its chunks. */
export interface DocumentState {
  /** Of the last event that wrote it; `null` when none did. */
  readonly version: DocumentVersion | null
  /** It was written directly since. */
  readonly writtenDirectly: boolean
  /** Of its text; `null` when it was removed. */
  readonly contentHash: string | null
}

/** A document to be put into an index in place of what is there under its id. */
export interface VectorDocument {
  readonly entityId: string
  /** `null`: written directly. */
  readonly version: DocumentVersion | null
  readonly contentHash: string
  readonly metadata: JsonObject
  /** Epoch milliseconds; `null` when no event wrote it. */
  readonly eventTime: number | null
  /** Epoch milliseconds. */
  readonly indexedAt: number
  /** In the order of the text. `null`: those that are there stay, if `contentHash` is still theirs. */
  readonly chunks: readonly VectorChunk[] | null
}

/** A document to be taken out of an index. */
export interface DocumentRemoval {
  readonly entityId: string
  readonly version: DocumentVersion | null
  /** Epoch milliseconds. */
  readonly removedAt: number
}

/**
 * What became of a write. `stale`: a later event was there first. `changed`: chunks were to stay, but they are not those
 * of `contentHash` any more. Neither of these has written anything.
 */
export type DocumentWrite = "applied" | "stale" | "changed"

/** What is looked for: what is near a vector, what holds the words of a text, or, with both given, both ranks fused. */
export interface VectorQuery {
  readonly vector: Float32Array | null
  readonly text: string | null
  /** Most hits to return. */
  readonly topK: number
  /** Which documents count, by their metadata; `null`: all. */
  readonly filter: FilterNode | null
  /** How many candidates an approximate index looks at; more find better and take longer. `null`: the store's default. */
  readonly efSearch: number | null
}

/** A chunk that was found. */
export interface VectorHit {
  readonly entityId: string
  /** Which chunk of the document, from 0. */
  readonly chunk: number
  readonly text: string
  /** Where the chunk stands in the document's text, in UTF-16 units. */
  readonly start: number
  readonly end: number
  /**
   * Greater is better. By vector: cosine similarity, dot product, or `1 / (1 + distance)`. By text or hybrid: comparable
   * within one answer only.
   */
  readonly score: number
  readonly metadata: JsonObject
  readonly eventTime: number | null
  readonly indexedAt: number
}

/** What a vector store can do; the conformance suite reads it and tests the opposite of what is not claimed. */
export interface VectorCapabilities {
  /** For messages and logs: `memory`, `pgvector`, … */
  readonly name: string
  readonly persistent: boolean
  /** Several processes can share it. */
  readonly shared: boolean
  /** Indexes must be made by {@link VectorStore.migrate} before they are used; else they come into being by themselves. */
  readonly migrates: boolean
  /** Longest vector. */
  readonly maxDimensions: number
}

/**
 * Documents cut into chunks, each with a vector, to be found by nearness.
 *
 * A document is replaced as a whole: no reader sees half of it, and no chunk of an earlier text remains. A write whose
 * version {@link isStale} writes nothing, so retried and late events do no harm, in whatever order they come.
 */
export interface VectorStore {
  readonly capabilities: VectorCapabilities
  /**
   * Brings what is kept up to this version of the code and makes the indexes that are missing. Safe to run again, and by
   * many at once. Returns what it did, in sentences for people; an empty list when nothing was left to do.
   * @throws FabraError `index_mismatch` when an index is there with another schema; `vector_unavailable`
   */
  migrate(indexes: readonly IndexSchema[]): Promise<string[]>
  /**
   * What is known of documents, in the order asked; `undefined` for one that was never written.
   * @throws FabraError `not_migrated`, `index_mismatch`, `vector_unavailable`
   */
  find(index: IndexSchema, entityIds: readonly string[]): Promise<(DocumentState | undefined)[]>
  /**
   * Replaces documents, each atomically, and answers for each in order. At most one per id in one call.
   * @throws FabraError `not_migrated`, `index_mismatch`, `invalid_value`; `vector_unavailable`: each may then be written
   *   or not, and the same call can be made again
   */
  upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]>
  /**
   * Removes documents, each atomically; what is not there is noted as removed too, so that an earlier event that comes
   * late does not bring it back. At most one per id in one call. @throws FabraError as {@link upsert}
   */
  remove(index: IndexSchema, removals: readonly DocumentRemoval[]): Promise<DocumentWrite[]>
  /**
   * The best chunks, best first. Documents without a chunk are never found.
   * @throws FabraError `not_migrated`, `index_mismatch`, `vector_unavailable`
   */
  search(index: IndexSchema, query: VectorQuery): Promise<VectorHit[]>
  /** Closes every connection this store has opened itself. Idempotent. */
  close(): Promise<void>
}

/**
 * Whether a write comes too late: the document has been written by a later event of the same source. The same event may
 * write again, as it does after a crash, unless somebody has written directly meanwhile. Events of different sources,
 * and direct writes, come as they come.
 */
export function isStale(state: DocumentState | undefined, version: DocumentVersion | null): boolean {
  if (state === undefined || version === null || state.version?.source !== version.source) return false
  const { position } = state.version
  return position > version.position || (position === version.position && state.writtenDirectly)
}

/** @throws FabraError `index_mismatch`, naming what differs between an index that is there and one that is asked for */
export function checkSchema(there: IndexSchema, asked: IndexSchema): void {
  for (const key of ["dimensions", "embedder", "metric", "language"] as const) {
    if (there[key] === asked[key]) continue
    const message =
      `The index "${asked.name}" was made with ${key} ${there[key]}, and is now asked for with ${asked[key]}. ` +
      "Go back, or give the index a new name, migrate, and index its documents again."
    throw new FabraError("index_mismatch", message, { path: key, allowed: [String(there[key])] })
  }
}

/** @throws FabraError `invalid_value` when a vector is not as long as the index's are */
export function checkLength(index: IndexSchema, vector: Float32Array, path: string): void {
  if (vector.length === index.dimensions) return
  const message = `${path} has ${vector.length} dimensions; the index "${index.name}" has ${index.dimensions}.`
  throw new FabraError("invalid_value", message, { path })
}

/** @throws FabraError `invalid_value` when one of their vectors is not as long as the index's are */
export function checkDocuments(index: IndexSchema, documents: readonly VectorDocument[]): void {
  for (const { entityId, chunks } of documents) {
    for (const { vector } of chunks ?? []) checkLength(index, vector, `A vector of the document "${entityId}"`)
  }
}

/** In fused search, rank `r` of a list counts `1 / (RANK_CONSTANT + r)`. Source: Cormack et al., SIGIR 2009. */
export const RANK_CONSTANT = 60

/** How many of each list are fused for `topK` hits. */
export function fusionDepth(topK: number): number {
  return Math.max(50, topK * 4)
}
