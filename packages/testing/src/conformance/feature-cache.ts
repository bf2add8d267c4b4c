import { describe } from "vitest"
import { testAliasing } from "./cache-aliasing.js"
import { testAtomicity } from "./cache-atomicity.js"
import { testConcurrency } from "./cache-concurrency.js"
import { testEntities } from "./cache-entities.js"
import type { FeatureCacheSuite } from "./cache-harness.js"
import { testLifecycle } from "./cache-lifecycle.js"
import { testOddNames } from "./cache-odd-names.js"
import { testReading } from "./cache-reading.js"
import { testRemoval } from "./cache-removal.js"
import { testState } from "./cache-state.js"
import { testTokens } from "./cache-tokens.js"
import { testValues } from "./cache-values.js"
import { checksOf } from "./cache-world.js"
import { testWrites } from "./cache-writes.js"

/**
 * Declares vitest tests of everything `FeatureCache` promises. What the cache does not claim in its capabilities is
 * tested for the opposite. Call it at the top of a test file:
 *
 * ```ts
 * testFeatureCache("MyFeatureCache", {
 *   async create() {
 *     const cache = new MyFeatureCache({ namespace: randomName() })
 *     return { cache, another: …, cleanup: () => cache.close() }
 *   },
 * })
 * ```
 */
export function testFeatureCache(name: string, suite: FeatureCacheSuite): void {
  const check = checksOf(suite)
  describe(name, () => {
    describe("tokens", () => {
      testTokens(check)
      testWrites(check)
    })
    describe("records", () => {
      testState(check)
      testValues(check)
      testOddNames(check)
      testAliasing(check)
    })
    describe("removal", () => testRemoval(check))
    describe("concurrency", () => {
      testAtomicity(check)
      testConcurrency(check)
    })
    describe("reading", () => {
      testReading(check)
      testEntities(check)
    })
    describe("lifecycle", () => testLifecycle(check))
  })
}
