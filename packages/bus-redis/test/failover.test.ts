import { TcpProxy } from "@fabra/test-support"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventIn, isExternal, join, TestRedis } from "./support.js"

const redis = new TestRedis({ args: ["--repl-diskless-sync-delay", "0"] })

/** A master and a replica behind one address, as a name, a proxy or a sentinel gives it, change places. */
describe.skipIf(isExternal)("behind an address that leads to the master", () => {
  let second: RedisTestServer
  let heir: Redis

  beforeAll(async () => {
    second = await startRedisServer()
    heir = new Redis(second.adminUrl)
  })
  afterAll(async () => {
    heir.disconnect()
    await second.stop()
  })

  test("a bus leaves a server that has become a replica", async () => {
    const space = redis.space()
    const way = await TcpProxy.to(redis.server.url)
    const bus = space.bus({ url: way.url, commandTimeoutMs: 20_000 })
    const member = await join(bus, { leaseMs: 30_000 })
    await bus.publish(eventIn(0))
    await member.take(1)

    await heir.replicaof("127.0.0.1", redis.server.port)
    await expect.poll(() => heir.info("replication"), { timeout: 20_000 }).toContain("master_link_status:up")
    const waiting = member.subscription.read({ maxEvents: 10, maxWaitMs: 1_000 })
    await heir.replicaof("NO", "ONE")
    way.leadTo(second.port)
    // Of nobody that it could reach: so what is read from here on does not come from it.
    await redis.raw.replicaof("127.0.0.1", 1)
    await waiting
    const { position } = await bus.publish(eventIn(0))
    expect(await member.take(1)).toMatchObject([{ records: [{ position }] }])
    await member.subscription.close()
    await redis.raw.replicaof("NO", "ONE")
    way.close()
  })
})
