import { MemoryVectorStore } from "@fabra/core"
import { testVectorStore } from "../../src/conformance.js"
import { brokenVectors, HEALTHY } from "./registry.js"

for (const { fault, Store } of [{ fault: HEALTHY, Store: MemoryVectorStore }, ...brokenVectors]) {
  testVectorStore(fault, {
    async create() {
      const store = new Store()
      return { store, cleanup: () => store.close() }
    },
    timeoutMs: 2_000,
  })
}
