import type { VectorStore } from "@fabra/core"

/** A fresh, empty store under test, made for one test. */
export interface VectorStoreHarness {
  readonly store: VectorStore
  /**
   * A second client of the same data, as another process would have it. Given if, and only if, the store claims to be
   * `shared`.
   */
  another?(): Promise<VectorStore>
  /** Called after the test, whatever became of it: closes the clients and removes the data. */
  cleanup(): Promise<void>
}

/** What {@link testVectorStore} is told about an adapter. */
export interface VectorStoreSuite {
  create(): Promise<VectorStoreHarness>
  /** How long, in milliseconds, a test may take before it is called a failure. Default 60,000. */
  readonly timeoutMs?: number
}
