import { startRedisServer } from "@fabra/testing"
import { testFeatureCache } from "@fabra/testing/conformance"
import { afterAll, beforeAll } from "vitest"
import { RedisFeatureCache } from "../src/index.js"

let server: Awaited<ReturnType<typeof startRedisServer>>

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server.stop())

testFeatureCache("RedisFeatureCache", {
  async create() {
    const options = { url: server.url, namespace: server.namespace() }
    const caches = [new RedisFeatureCache(options)] as [RedisFeatureCache]
    return {
      cache: caches[0],
      async another() {
        const another = new RedisFeatureCache(options)
        caches.push(another)
        return another
      },
      async cleanup() {
        await Promise.all(caches.map((cache) => cache.close()))
      },
    }
  },
})
