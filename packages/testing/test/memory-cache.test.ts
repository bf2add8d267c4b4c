import { MemoryFeatureCache } from "@fabra/core"
import { testFeatureCache } from "../src/conformance.js"

testFeatureCache("MemoryFeatureCache", {
  async create() {
    const cache = new MemoryFeatureCache()
    return { cache, cleanup: () => cache.close() }
  },
})
