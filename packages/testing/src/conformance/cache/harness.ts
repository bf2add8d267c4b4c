import type { FeatureCache } from "@fabra/core"

/** A fresh, empty store of the cache under test, made for one test. */
export interface FeatureCacheHarness {
  readonly cache: FeatureCache
  /**
   * A second client of the same store, as another process would have it. Given if, and only if, the cache claims to be
   * `shared`.
   */
  another?(): Promise<FeatureCache>
  /**
   * The same store again, after `cache` was closed. Given if, and only if, the cache claims to be `persistent` and not
   * `shared`, as on an engine that one process at a time may open.
   */
  reopen?(): Promise<FeatureCache>
  /** Called after the test, whatever became of it: closes the clients and removes the store. */
  cleanup(): Promise<void>
}

/** What {@link testFeatureCache} is told about an adapter. */
export interface FeatureCacheSuite {
  create(): Promise<FeatureCacheHarness>
  /** How long, in milliseconds, a test may take before it is called a failure. Default 60,000. */
  readonly timeoutMs?: number
}
