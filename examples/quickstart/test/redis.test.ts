import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { AxiomWorker } from "@fabra/worker"
import { afterAll, beforeAll, expect, test } from "vitest"
import { lastPurchaseAmount, purchase, store, totalPurchases } from "../features.js"

let server: RedisTestServer
beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server.stop())

test("the quick example on Redis", { timeout: 30_000 }, async () => {
  const where = { url: server.url, namespace: server.namespace() }
  const bus = new RedisEventBus(where)
  const cache = new RedisFeatureCache(where)
  const worker = new AxiomWorker(store, { bus, cache })
  const running = worker.run()

  for (const amount of [99.99, 5.5]) {
    await bus.publish(purchase.create({ entityId: "user_123", payload: { amount, product_id: "prod_456" } }))
  }
  await expect.poll(() => store.getFeature(totalPurchases, "user_123"), { timeout: 20_000 }).toBe(2)
  expect(await store.getFeature(lastPurchaseAmount, "user_123")).toBe(5.5)

  await worker.stop()
  await running
  await Promise.all([bus.close(), cache.close()])
})
