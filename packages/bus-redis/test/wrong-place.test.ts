import { createEvent } from "@fabra/events"
import { startRedisCluster } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { RedisEventBus } from "../src/index.js"
import { isExternal, TestRedis } from "./support.js"

const redis = new TestRedis()
const publish = async (url: string, commandTimeoutMs = 500) => {
  const bus = new RedisEventBus({ url, commandTimeoutMs })
  onTestFinished(() => bus.close())
  return bus.publish(createEvent({ eventType: "tested", entityId: "ann" }))
}

test("a database that the server does not have is refused, and nothing is written into database 0", async () => {
  const before = await redis.raw.dbsize()
  const url = new URL(redis.server.url)
  url.pathname = "/99"
  await expect(publish(url.href)).rejects.toMatchObject({
    code: "bus_unavailable",
    message: expect.stringContaining("DB index is out of range"),
  })
  expect(await redis.raw.dbsize()).toBe(before)
})

test.skipIf(isExternal)(
  "one address of a Redis Cluster is refused at once, with what to do",
  { timeout: 60_000 },
  async () => {
    const cluster = await startRedisCluster({ masters: 3, replicas: 0 })
    onTestFinished(() => cluster.stop())
    const { host, port } = cluster.nodes[0] as { host: string; port: number }
    // Tried again, it would not be refused within the time of this test.
    await expect(publish(`redis://${host}:${port}`, 600_000)).rejects.toMatchObject({
      code: "bus_unavailable",
      message: expect.stringContaining("name several nodes or give a Cluster client"),
    })
  },
)
