import { Redis } from "ioredis"
import { describe, expect, test } from "vitest"
import { RedisEventBus } from "../src/index.js"
import { eventIn, isExternal, join, TestRedis } from "./support.js"

const redis = new TestRedis()

test("has 16 partitions unless it is told otherwise when it is first used", async () => {
  const namespace = redis.server.namespace()
  const bus = () => redis.keep(new RedisEventBus({ url: redis.server.url, namespace }))
  await bus().publish(eventIn(0))
  expect(await redis.raw.hget(`${namespace}:meta`, "partitions")).toBe("16")
})

test("takes the number it finds, and refuses another", async () => {
  const space = redis.space()
  await space.bus().publish(eventIn(0))
  const { url } = redis.server
  const unsaid = redis.keep(new RedisEventBus({ url, namespace: space.namespace }))
  expect(await unsaid.publish(eventIn(3))).toMatchObject({ partition: 3 })
  const wrong = space.bus({ partitions: 8 })
  const mismatch = { code: "partition_mismatch", message: expect.stringMatching(/has 4 partitions, not 8.*say 4/) }
  await expect(wrong.publish(eventIn(0))).rejects.toMatchObject(mismatch)
  await expect(join(wrong)).rejects.toMatchObject(mismatch)
  await expect(wrong.lag("workers")).rejects.toMatchObject(mismatch)
})

test("tries again after it could not ask", async () => {
  const bus = redis.space().bus({ url: "redis://127.0.0.1:1", commandTimeoutMs: 100 })
  await expect(bus.publish(eventIn(0))).rejects.toMatchObject({ code: "bus_unavailable" })
  await expect(join(bus)).rejects.toMatchObject({ code: "bus_unavailable" })
})

describe("a client passed in", () => {
  test("is the pattern for connections of our own, and is left alone", async () => {
    const client = new Redis(redis.server.url, { lazyConnect: true, commandTimeout: 50, db: 0 })
    const bus = redis.space().bus({ client })
    const member = await join(bus)
    await bus.publish(eventIn(0))
    await member.take(1)
    expect(await member.subscription.read({ maxEvents: 1, maxWaitMs: 200 })).toEqual([])
    await bus.close()
    expect(client.status).toBe("wait")
    expect(await client.ping()).toBe("PONG")
    client.disconnect()
  })

  test("our connections are closed with the bus", async () => {
    const connectionName = redis.server.namespace()
    const count = async () => String(await redis.raw.client("LIST")).split(`name=${connectionName}`).length - 1
    const bus = redis.space().bus({ client: new Redis(redis.server.url, { lazyConnect: true, connectionName }) })
    await join(bus)
    await bus.publish(eventIn(0))
    expect(await count()).toBeGreaterThan(0)
    await bus.close()
    await expect.poll(count).toBe(0)
  })
})

describe.skipIf(isExternal)("what a person should know", () => {
  test("is told at subscribe: a server that evicts keys", async () => {
    await redis.raw.config("SET", "maxmemory-policy", "allkeys-lru")
    const member = await join(redis.space().bus())
    await redis.raw.config("SET", "maxmemory-policy", "noeviction")
    expect(member.notices).toContainEqual(
      expect.objectContaining({ level: "warn", message: expect.stringContaining("allkeys-lru") }),
    )
  })

  test("a server that says nothing about itself is used all the same", async () => {
    await redis.raw.call("ACL", "SETUSER", "plain", "on", ">secret", "~*", "+@all", "-info")
    const url = redis.server.adminUrl.replace("redis://", "redis://plain:secret@")
    const bus = redis.space().bus({ url })
    const member = await join(bus)
    await bus.publish(eventIn(0))
    expect(await member.take(1)).toHaveLength(1)
    expect(member.notices).toContainEqual(expect.objectContaining({ level: "warn" }))
  })
})
