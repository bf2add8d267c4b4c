import { describe } from "vitest"
import { testConcurrency } from "./concurrency.js"
import { testDocuments } from "./documents.js"
import { testFilters } from "./filters.js"
import type { VectorStoreSuite } from "./harness.js"
import { testLifecycle } from "./lifecycle.js"
import { testOddTexts } from "./odd.js"
import { testOrder } from "./order.js"
import { testSchema } from "./schema.js"
import { testSearch } from "./search.js"
import { checksOf } from "./world.js"

/**
 * Declares vitest tests of everything `VectorStore` promises. What the store does not claim in its capabilities is tested
 * for the opposite. Call it at the top of a test file:
 *
 * ```ts
 * testVectorStore("MyVectorStore", {
 *   async create() {
 *     const store = new MyVectorStore({ schema: randomName() })
 *     return { store, another: …, cleanup: () => store.close() }
 *   },
 * })
 * ```
 */
export function testVectorStore(name: string, suite: VectorStoreSuite): void {
  const check = checksOf(suite)
  describe(name, () => {
    describe("documents", () => {
      testDocuments(check)
      testOrder(check)
      testOddTexts(check)
    })
    describe("search", () => {
      testSearch(check)
      testFilters(check)
    })
    describe("indexes", () => testSchema(check))
    describe("concurrency", () => testConcurrency(check))
    describe("lifecycle", () => testLifecycle(check))
  })
}
