import { MemoryVectorStore, type VectorStore } from "@fabra/core"
import type {
  DocumentRemoval,
  DocumentState,
  DocumentWrite,
  IndexSchema,
  VectorCapabilities,
  VectorDocument,
  VectorHit,
  VectorQuery,
} from "@fabra/core/adapter"

/** A vector store that does what the one in memory does: a broken one changes a method of it. */
export class PassingVectors implements VectorStore {
  readonly inner = new MemoryVectorStore()
  readonly capabilities: VectorCapabilities = this.inner.capabilities

  migrate(indexes: readonly IndexSchema[]): Promise<string[]> {
    return this.inner.migrate(indexes)
  }
  find(index: IndexSchema, entityIds: readonly string[]): Promise<(DocumentState | undefined)[]> {
    return this.inner.find(index, entityIds)
  }
  upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    return this.inner.upsert(index, documents)
  }
  remove(index: IndexSchema, removals: readonly DocumentRemoval[]): Promise<DocumentWrite[]> {
    return this.inner.remove(index, removals)
  }
  search(index: IndexSchema, query: VectorQuery): Promise<VectorHit[]> {
    return this.inner.search(index, query)
  }
  close(): Promise<void> {
    return this.inner.close()
  }
}

/** A vector store with one fault, and the promises that the suite must find broken. */
export interface BrokenVectors {
  readonly fault: string
  readonly Store: new () => VectorStore
  /** Titles of tests, all of which must fail. */
  readonly breaks: readonly string[]
}
