import { createHash } from "node:crypto"
import { FabraError, type JsonObject } from "@fabra/events"
import { utf8Length } from "@fabra/events/adapter"
import { chunkText, type TextChunk } from "./chunk-text.js"
import { type Embedder, embedChecked } from "./embedder.js"
import type { VectorIndex } from "./vector-index.js"
import {
  type DocumentState,
  type DocumentVersion,
  type DocumentWrite,
  type IndexSchema,
  isStale,
  type VectorDocument,
  type VectorStore,
} from "./vector-store.js"

/** What became of a call of `store.index`. */
export interface IndexOutcome {
  /**
   * `unchanged`: the text was there already, and no vector was made. `stale`: a later event has written the document;
   * nothing was. `rehearsed`: the handler was run for what it would do, and nothing was written.
   */
  readonly status: "indexed" | "unchanged" | "stale" | "rehearsed"
}

/** A text on its way into an index. */
export interface IndexRequest {
  readonly entityId: string
  readonly text: string
  readonly metadata: JsonObject
  readonly version: DocumentVersion | null
  readonly eventTime: number | null
  /** Fires when nobody waits any more. */
  readonly signal: AbortSignal | undefined
}

/** An index and what it is connected to. */
export interface ConnectedIndex {
  readonly index: VectorIndex
  readonly schema: IndexSchema
  readonly embedder: Embedder
  readonly vectors: VectorStore
}

interface Pending extends IndexRequest {
  readonly contentHash: string
  readonly resolve: (outcome: IndexOutcome) => void
  readonly reject: (error: unknown) => void
}

/** Most documents that go the way together. */
const MAX_BATCH = 100

/**
 * Puts texts into one index. What is asked for in one turn of the event loop, as by the handlers of one batch of events,
 * goes together: one look at what is there, one call of the embedder, one write.
 */
export class Indexer {
  readonly #target: ConnectedIndex
  readonly #now: () => number
  #gathered: Pending[] = []

  constructor(target: ConnectedIndex, now: () => number) {
    this.#target = target
    this.#now = now
  }

  index(request: IndexRequest): Promise<IndexOutcome> {
    return new Promise((resolve, reject) => {
      const { signal } = request
      if (signal?.aborted) return reject(signal.reason)
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
      if (this.#gathered.length === 0) setImmediate(() => this.#start())
      this.#gathered.push({ ...request, contentHash: this.#hash(request.text), resolve, reject })
    })
  }

  /** Changes with everything that changes a document's chunks or their vectors. */
  #hash(text: string): string {
    const { maxTokens, overlapTokens } = this.#target.index
    const settings = JSON.stringify([this.#target.embedder.id, maxTokens, overlapTokens])
    return createHash("sha256").update(settings).update(text).digest("base64url")
  }

  async #start(): Promise<void> {
    const gathered = this.#gathered
    this.#gathered = []
    // Of one document the second text goes after the first, as it was asked for.
    const rounds: Pending[][] = []
    const seen = new Map<string, number>()
    for (const pending of gathered) {
      const round = seen.get(pending.entityId) ?? 0
      seen.set(pending.entityId, round + 1)
      rounds[round] ??= []
      rounds[round].push(pending)
    }
    for (const round of rounds) {
      const batches: Promise<void>[] = []
      for (let i = 0; i < round.length; i += MAX_BATCH) batches.push(this.#run(round.slice(i, i + MAX_BATCH)))
      await Promise.all(batches)
    }
  }

  /** Settles every one of them; never rejects. */
  async #run(batch: readonly Pending[]): Promise<void> {
    try {
      await this.#write(batch, true)
    } catch (error) {
      const { code } = FabraError.from(error)
      if (batch.length === 1 || (code !== "embedding_refused" && code !== "invalid_value")) {
        for (const { reject } of batch) reject(error)
        return
      }
      // One of them cannot be indexed: the others must not suffer for it.
      for (const pending of batch) await this.#run([pending])
    }
  }

  async #write(batch: readonly Pending[], mayKeep: boolean): Promise<void> {
    const { vectors, schema } = this.#target
    const states = await vectors.find(
      schema,
      batch.map(({ entityId }) => entityId),
    )
    const wanted: { pending: Pending; chunks: readonly TextChunk[] | null }[] = []
    for (const [i, pending] of batch.entries()) {
      if (pending.signal?.aborted) continue
      const state = states[i] as DocumentState | undefined
      if (isStale(state, pending.version)) pending.resolve({ status: "stale" })
      else if (mayKeep && state?.contentHash === pending.contentHash) wanted.push({ pending, chunks: null })
      else wanted.push({ pending, chunks: this.#cut(pending.text) })
    }
    const texts = wanted.flatMap(({ chunks }) => chunks?.map(({ text }) => text) ?? [])
    const made = await embedChecked(this.#target.embedder, texts, whenAll(wanted.map(({ pending }) => pending.signal)))
    let next = 0
    const ready: { pending: Pending; document: VectorDocument }[] = []
    for (const { pending, chunks } of wanted) {
      const withVectors = chunks?.map((chunk) => ({ ...chunk, vector: made[next++] as Float32Array })) ?? null
      // Whoever has given up must not be surprised by a text that appears later.
      if (!pending.signal?.aborted) ready.push({ pending, document: this.#document(pending, withVectors) })
    }
    if (ready.length === 0) return
    const outcomes = await vectors.upsert(
      schema,
      ready.map(({ document }) => document),
    )
    const changed = ready.flatMap(({ pending, document }, i) => {
      if (outcomes[i] === "changed") return [pending]
      pending.resolve({ status: statusOf(outcomes[i] as DocumentWrite, document) })
      return []
    })
    if (changed.length > 0) await this.#write(changed, false)
  }

  #cut(text: string): TextChunk[] {
    const { index, embedder } = this.#target
    const countTokens = embedder.countTokens?.bind(embedder) ?? ((part: string) => Math.ceil(utf8Length(part) / 4))
    return chunkText(text, { maxTokens: index.maxTokens, overlapTokens: index.overlapTokens, countTokens })
  }

  #document(
    { entityId, version, contentHash, metadata, eventTime }: Pending,
    chunks: VectorDocument["chunks"],
  ): VectorDocument {
    return { entityId, version, contentHash, metadata, eventTime, indexedAt: this.#now(), chunks }
  }
}

function statusOf(write: DocumentWrite, { chunks }: VectorDocument): IndexOutcome["status"] {
  if (write === "stale") return "stale"
  return chunks === null ? "unchanged" : "indexed"
}

/** Fires when all of them have; never if one of them is not there. */
function whenAll(signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  if (signals.length === 0 || signals.includes(undefined)) return undefined
  const all = new AbortController()
  let waiting = signals.length
  for (const signal of signals) {
    const fired = () => {
      if (--waiting === 0) all.abort(signal?.reason)
    }
    if (signal?.aborted) fired()
    else signal?.addEventListener("abort", fired, { once: true })
  }
  return all.signal
}
