import { MemoryFeatureCache } from "@fabra/core"
import { testFeatureCache } from "../../src/conformance.js"
import { brokenCaches, HEALTHY } from "./registry.js"

for (const { fault, Cache } of [{ fault: HEALTHY, Cache: MemoryFeatureCache }, ...brokenCaches]) {
  testFeatureCache(fault, {
    async create() {
      const cache = new Cache()
      return { cache, cleanup: () => cache.close() }
    },
    timeoutMs: 2_000,
  })
}
