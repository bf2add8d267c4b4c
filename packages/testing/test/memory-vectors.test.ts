import { MemoryVectorStore } from "@fabra/core"
import { testVectorStore } from "../src/conformance.js"

testVectorStore("MemoryVectorStore", {
  async create() {
    const store = new MemoryVectorStore()
    return { store, cleanup: () => store.close() }
  },
})
