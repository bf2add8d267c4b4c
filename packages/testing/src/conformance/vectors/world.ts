import type { VectorStore } from "@fabra/core"
import type {
  DocumentVersion,
  DocumentWrite,
  IndexSchema,
  VectorDocument,
  VectorHit,
  VectorQuery,
} from "@fabra/core/adapter"
import { expect, test } from "vitest"
import type { VectorStoreHarness, VectorStoreSuite } from "./harness.js"

/** Length of the vectors of most tests. */
export const DIMENSIONS = 8
const SOURCE = "bus/0"

/** The stage of one test: an empty store and short words for what tests do to it. */
export class VectorWorld {
  readonly harness: VectorStoreHarness
  readonly store: VectorStore

  constructor(harness: VectorStoreHarness) {
    this.harness = harness
    this.store = harness.store
  }

  /** Another client if the store can be shared, else the one there is. */
  async other(): Promise<VectorStore> {
    return (await this.harness.another?.()) ?? this.store
  }

  /** Makes an index. */
  async index(schema: Partial<IndexSchema> = {}): Promise<IndexView> {
    const complete = schemaOf(schema)
    await this.store.migrate([complete])
    return new IndexView(this.store, complete)
  }
}

/** One index, as tests use it. */
export class IndexView {
  readonly store: VectorStore
  readonly schema: IndexSchema

  constructor(store: VectorStore, schema: IndexSchema) {
    this.store = store
    this.schema = schema
  }

  /** The same index through another client. */
  through(store: VectorStore): IndexView {
    return new IndexView(store, this.schema)
  }

  async upsert(document: VectorDocument): Promise<DocumentWrite> {
    const [write] = await this.store.upsert(this.schema, [document])
    return write as DocumentWrite
  }

  async remove(entityId: string, version: DocumentVersion | null): Promise<DocumentWrite> {
    const [write] = await this.store.remove(this.schema, [{ entityId, version, removedAt: 2_000 }])
    return write as DocumentWrite
  }

  async find(entityId: string) {
    const [state] = await this.store.find(this.schema, [entityId])
    return state
  }

  search(query: Partial<VectorQuery> = {}): Promise<VectorHit[]> {
    const base: VectorQuery = { vector: null, text: null, topK: 100, filter: null, efSearch: null }
    const everything = query.text === undefined ? { vector: direction(0, this.schema.dimensions) } : {}
    return this.store.search(this.schema, { ...base, ...everything, ...query })
  }

  /** The texts of what is found, or of all there is, best first. */
  async texts(query: Partial<VectorQuery> = {}): Promise<string[]> {
    return (await this.search(query)).map(({ text }) => text)
  }
}

/** A schema that leaves what does not matter to the test to this. */
export function schemaOf(schema: Partial<IndexSchema> = {}): IndexSchema {
  return {
    name: "documents",
    dimensions: DIMENSIONS,
    metric: "cosine",
    embedder: "test",
    language: "english",
    ...schema,
  }
}

/** An event of the one source that most tests have. */
export function at(position: number, source = SOURCE): DocumentVersion {
  return { source, position: String(position).padStart(12, "0") }
}

/** A unit vector at so many degrees from the first axis, in the plane of the first two. */
export function direction(degrees: number, dimensions = DIMENSIONS): Float32Array {
  const vector = new Float32Array(dimensions)
  vector[0] = Math.cos((degrees / 180) * Math.PI)
  vector[1] = Math.sin((degrees / 180) * Math.PI)
  return vector
}

/** A document of these texts, the n-th at n degrees; what does not matter to the test is left to this. */
export function document(
  entityId: string,
  texts: readonly string[],
  rest: Partial<VectorDocument> = {},
): VectorDocument {
  let end = 0
  const chunks = texts.map((text, n) => {
    const start = end
    end += text.length
    return { text, start, end, vector: direction(n) }
  })
  const base = { version: null, metadata: {}, eventTime: 1_000, indexedAt: 1_500 }
  return { entityId, contentHash: `hash of ${texts.join("")}`, ...base, chunks, ...rest }
}

/** Declares one promise and how it is put to the test. */
export type Check = (title: string, run: (world: VectorWorld) => Promise<void>) => void

/** Makes the {@link Check} of a suite: every test gets a store of its own. */
export function checksOf({ create, timeoutMs = 60_000 }: VectorStoreSuite): Check {
  return (title, run) => {
    test(title, { timeout: timeoutMs }, async () => {
      const harness = await create()
      try {
        await run(new VectorWorld(harness))
      } finally {
        await harness.cleanup()
      }
    })
  }
}

/** Expects a rejection with that code. */
export async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await expect(promise).rejects.toMatchObject({ code })
}
