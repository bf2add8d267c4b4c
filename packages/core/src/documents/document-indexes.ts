import { type Clock, FabraError, type JsonObject, type JsonValue } from "@fabra/events"
import { checkEntityId, checkJson, isPlainObject, show } from "@fabra/events/adapter"
import { currentTransaction, type EventOrigin } from "../transaction.js"
import type { Embedder } from "./embedder.js"
import { type ConnectedIndex, Indexer, type IndexOutcome } from "./indexer.js"
import type { VectorIndex } from "./vector-index.js"
import type { DocumentVersion, IndexSchema, VectorStore } from "./vector-store.js"

/** What the indexes of a store need of it. */
export interface Connections {
  readonly vectors: VectorStore
  readonly embedder: Embedder
  readonly clock: Clock
}

/** Options of `store.index`. */
export interface IndexOptions {
  /** What searches can filter by and hits carry: a JSON object whose fields do not begin with `$`. Default `{}`. */
  readonly metadata?: JsonObject
}

/** What became of a call of `store.removeDocument`; as {@link IndexOutcome}. */
export interface RemoveOutcome {
  readonly status: "removed" | "stale" | "rehearsed"
}

/** The indexes of a store, connected: writes documents, with the order of the events they come from. */
export class DocumentIndexes {
  readonly #store: Connections
  readonly #connected = new Map<VectorIndex, { readonly target: ConnectedIndex; readonly indexer: Indexer }>()

  constructor(store: Connections) {
    this.#store = store
  }

  target(index: VectorIndex): ConnectedIndex {
    return this.#connect(index).target
  }

  async index(index: VectorIndex, entityId: string, text: string, options: IndexOptions): Promise<IndexOutcome> {
    checkEntityId(entityId, "entityId")
    if (typeof text !== "string") {
      throw new FabraError("invalid_argument", `text is ${show(text)}: it must be a string.`, { path: "text" })
    }
    const metadata = copyMetadata(options.metadata ?? {})
    const transaction = currentTransaction()
    if (transaction?.origin === null) return { status: "rehearsed" }
    return this.#connect(index).indexer.index({
      entityId,
      text: text.toWellFormed(),
      metadata,
      version: versionOf(transaction?.origin),
      eventTime: transaction?.origin.eventTime ?? null,
      signal: transaction?.signal,
    })
  }

  async remove(index: VectorIndex, entityId: string): Promise<RemoveOutcome> {
    checkEntityId(entityId, "entityId")
    const { vectors, schema } = this.target(index)
    const transaction = currentTransaction()
    transaction?.signal.throwIfAborted()
    if (transaction?.origin === null) return { status: "rehearsed" }
    const removal = { entityId, version: versionOf(transaction?.origin), removedAt: this.#store.clock.now() }
    const [write] = await vectors.remove(schema, [removal])
    return { status: write === "stale" ? "stale" : "removed" }
  }

  #connect(index: VectorIndex) {
    let connected = this.#connected.get(index)
    if (connected === undefined) {
      const { vectors, clock } = this.#store
      const embedder = index.embedder ?? this.#store.embedder
      const target = { index, embedder, vectors, schema: schemaOf(index, embedder, vectors) }
      connected = { target, indexer: new Indexer(target, () => clock.now()) }
      this.#connected.set(index, connected)
    }
    return connected
  }
}

function schemaOf({ name, metric, language }: VectorIndex, embedder: Embedder, vectors: VectorStore): IndexSchema {
  const { id, dimensions } = embedder
  const { name: store, maxDimensions } = vectors.capabilities
  if (dimensions > maxDimensions) {
    const message =
      `The embedder "${id}" makes vectors of ${dimensions} dimensions; ${store} indexes at most ${maxDimensions}. ` +
      "Many models can be asked for fewer."
    throw new FabraError("invalid_argument", message, { path: "dimensions" })
  }
  return { name, dimensions, metric, embedder: id, language }
}

function versionOf(origin: EventOrigin | undefined): DocumentVersion | null {
  return origin === undefined ? null : { source: origin.source, position: origin.position }
}

/** A copy that JSON and UTF-8 carry. @throws FabraError `invalid_value` with the path of what they do not */
function copyMetadata(metadata: JsonObject): JsonObject {
  const refuse = (path: string, why: string) => new FabraError("invalid_value", `${path} ${why}.`, { path })
  if (!isPlainObject(metadata)) throw refuse("metadata", `is ${show(metadata)}: it must be an object`)
  for (const field of Object.keys(metadata)) {
    if (field.startsWith("$")) throw refuse("metadata", `has the field ${show(field)}: none may begin with $`)
  }
  try {
    checkJson(metadata, "metadata")
  } catch (error) {
    const { message, path = "metadata", cause } = FabraError.from(error)
    throw new FabraError("invalid_value", message, { path, cause })
  }
  return wellFormed(metadata) as JsonObject
}

/** A lone surrogate has no UTF-8 form. Its replacement is as long, so that offsets still hold. */
function wellFormed(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.toWellFormed()
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map(wellFormed)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]))
}
