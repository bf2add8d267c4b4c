import { describe } from "vitest"
import { testAliasing } from "./aliasing.js"
import { testAtomicity } from "./atomicity.js"
import { testConcurrency } from "./concurrency.js"
import { testEntities } from "./entities.js"
import type { FeatureCacheSuite } from "./harness.js"
import { testLifecycle } from "./lifecycle.js"
import { testOddNames } from "./odd-names.js"
import { testReading } from "./reading.js"
import { testRemoval } from "./removal.js"
import { testState } from "./state.js"
import { testTokens } from "./tokens.js"
import { testValues } from "./values.js"
import { checksOf } from "./world.js"
import { testWrites } from "./writes.js"

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
