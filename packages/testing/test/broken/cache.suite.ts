import { MemoryFeatureCache } from "@fabra/core"
import { testFeatureCache } from "../../src/conformance.js"
import { KeepingCache } from "./passing-cache.js"
import { brokenCaches, HEALTHY, HEALTHY_KEEPING } from "./registry.js"

const healthy = [
  { fault: HEALTHY, Cache: MemoryFeatureCache },
  { fault: HEALTHY_KEEPING, Cache: KeepingCache },
]

for (const { fault, Cache } of [...healthy, ...brokenCaches]) {
  testFeatureCache(fault, {
    async create() {
      const cache = new Cache()
      const reopen = async () => new Cache()
      return { cache, ...(cache.capabilities.persistent ? { reopen } : {}), cleanup: () => cache.close() }
    },
    timeoutMs: 2_000,
  })
}
