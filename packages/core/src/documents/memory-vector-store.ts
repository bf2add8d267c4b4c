import type { JsonObject } from "@fabra/events"
import { matchesFilter } from "./metadata-filter.js"
import {
  checkDocuments,
  checkLength,
  checkSchema,
  type DocumentRemoval,
  type DocumentState,
  type DocumentWrite,
  fusionDepth,
  type IndexSchema,
  isStale,
  type Metric,
  RANK_CONSTANT,
  type VectorCapabilities,
  type VectorChunk,
  type VectorDocument,
  type VectorHit,
  type VectorQuery,
  type VectorStore,
} from "./vector-store.js"
import { wordsOf } from "./word-hash-embedder.js"

/** A document as it lies in memory: copies, so that nobody's later change shows through. */
interface Stored extends DocumentState {
  /** JSON. */
  readonly metadata: string
  readonly eventTime: number | null
  readonly indexedAt: number
  readonly chunks: readonly VectorChunk[]
}

interface StoredIndex {
  readonly schema: IndexSchema
  readonly documents: Map<string, Stored>
}

/** The vector store in memory, searched from end to end: the embedded default, and the contract in the form of code. */
export class MemoryVectorStore implements VectorStore {
  readonly capabilities: VectorCapabilities = {
    name: "memory",
    persistent: false,
    shared: false,
    migrates: false,
    maxDimensions: 65_536,
  }
  readonly #indexes = new Map<string, StoredIndex>()

  async migrate(indexes: readonly IndexSchema[]): Promise<string[]> {
    return indexes.flatMap((schema) => {
      const isNew = !this.#indexes.has(schema.name)
      this.#open(schema)
      return isNew ? [`Made the index "${schema.name}".`] : []
    })
  }

  async find(index: IndexSchema, entityIds: readonly string[]): Promise<(DocumentState | undefined)[]> {
    const documents = this.#open(index)
    return entityIds.map((id) => {
      const stored = documents.get(id)
      if (stored === undefined) return undefined
      const { version, writtenDirectly, contentHash } = stored
      return { version, writtenDirectly, contentHash }
    })
  }

  async upsert(index: IndexSchema, writes: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    const documents = this.#open(index)
    checkDocuments(index, writes)
    return writes.map(({ entityId, version, contentHash, metadata, eventTime, indexedAt, chunks }) => {
      const before = documents.get(entityId)
      if (isStale(before, version)) return "stale"
      if (chunks === null && before?.contentHash !== contentHash) return "changed"
      documents.set(entityId, {
        ...writtenBy(before, version),
        contentHash,
        metadata: JSON.stringify(metadata),
        eventTime,
        indexedAt,
        chunks: chunks?.map((chunk) => ({ ...chunk, vector: chunk.vector.slice() })) ?? (before as Stored).chunks,
      })
      return "applied"
    })
  }

  async remove(index: IndexSchema, removals: readonly DocumentRemoval[]): Promise<DocumentWrite[]> {
    const documents = this.#open(index)
    return removals.map(({ entityId, version, removedAt }) => {
      const before = documents.get(entityId)
      if (isStale(before, version)) return "stale"
      const gone = { contentHash: null, metadata: "{}", eventTime: null, indexedAt: removedAt, chunks: [] }
      documents.set(entityId, { ...writtenBy(before, version), ...gone })
      return "applied"
    })
  }

  async search(index: IndexSchema, { vector, text, topK, filter }: VectorQuery): Promise<VectorHit[]> {
    const all: (VectorHit & { readonly vector: Float32Array })[] = []
    for (const [entityId, stored] of this.#open(index)) {
      const metadata = JSON.parse(stored.metadata) as JsonObject
      if (filter !== null && !matchesFilter(metadata, filter)) continue
      const { eventTime, indexedAt } = stored
      for (const [i, chunk] of stored.chunks.entries()) {
        all.push({ entityId, chunk: i, ...chunk, score: 0, metadata: structuredClone(metadata), eventTime, indexedAt })
      }
    }
    if (vector !== null) checkLength(index, vector, "The vector searched for")
    const near = vector && ranked(all, (hit) => similarity(index.metric, vector, hit.vector))
    const words = text === null ? null : new Set(wordsOf(text))
    const spoken = words && ranked(all, (hit) => shareOf(words, hit.text)).filter(({ score }) => score > 0)
    const found = near && spoken ? fused([near, spoken], fusionDepth(topK)) : (near ?? spoken ?? [])
    return found.slice(0, topK).map(({ vector: _, ...hit }) => hit)
  }

  async close(): Promise<void> {}

  /** Forgets everything; for tests. */
  clear(): void {
    this.#indexes.clear()
  }

  #open(schema: IndexSchema): Map<string, Stored> {
    let index = this.#indexes.get(schema.name)
    if (index === undefined) {
      index = { schema: { ...schema }, documents: new Map() }
      this.#indexes.set(schema.name, index)
    }
    checkSchema(index.schema, schema)
    return index.documents
  }
}

/** A direct write leaves standing which event was the last one. */
function writtenBy(before: Stored | undefined, version: VectorDocument["version"]) {
  return version === null
    ? { version: before?.version ?? null, writtenDirectly: true }
    : { version: { ...version }, writtenDirectly: false }
}

function similarity(metric: Metric, a: Float32Array, b: Float32Array): number {
  const sum = (term: (x: number, y: number) => number) => a.reduce((total, x, i) => total + term(x, b[i] as number), 0)
  const dot = sum((x, y) => x * y)
  switch (metric) {
    case "cosine":
      return dot / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y))
    case "inner_product":
      return dot
    case "l2":
      return 1 / (1 + Math.sqrt(sum((x, y) => (x - y) ** 2)))
  }
}

/** How many of the words a text has. Costs as much as the text is long, however many the words are. */
function shareOf(words: ReadonlySet<string>, text: string): number {
  let found = 0
  for (const word of new Set(wordsOf(text))) if (words.has(word)) found++
  return found / words.size
}

function ranked<Hit extends VectorHit>(hits: readonly Hit[], score: (hit: Hit) => number): Hit[] {
  return hits.map((hit) => ({ ...hit, score: score(hit) })).sort((a, b) => b.score - a.score)
}

function fused<Hit extends VectorHit>(lists: readonly Hit[][], depth: number): Hit[] {
  const byPlace = new Map<string, Hit>()
  for (const list of lists) {
    for (const [i, hit] of list.slice(0, depth).entries()) {
      const place = `${hit.chunk}/${hit.entityId}`
      const before = byPlace.get(place)?.score ?? 0
      byPlace.set(place, { ...hit, score: before + 1 / (RANK_CONSTANT + i + 1) })
    }
  }
  return [...byPlace.values()].sort((a, b) => b.score - a.score)
}
