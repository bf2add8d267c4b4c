import { MemoryFeatureCache } from "@fabra/core"
import { testFeatureCache } from "../../src/conformance.js"
import { brokenCaches, HEALTHY } from "./registry.js"

for (const { fault, Cache } of [{ fault: HEALTHY, Cache: MemoryFeatureCache }, ...brokenCaches]) {
  testFeatureCache(fault, {
    async create() {
      const cache = new Cache()
      const reopen = async () => new Cache()
      return { cache, ...(cache.capabilities.persistent ? { reopen } : {}), cleanup: () => cache.close() }
    },
    timeoutMs: 2_000,
  })
}
