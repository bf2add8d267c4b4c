import { once } from "node:events"
import { encodeEvent } from "@fabra/events/adapter"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { eventIn, isExternal, join, TestRedis } from "./support.js"

const redis = new TestRedis()

test("a publish that must be replicated fails where nobody replicates; the event may be published again", async () => {
  const space = redis.space()
  const bus = space.bus({ commandTimeoutMs: 200 })
  const event = eventIn(0)
  const published = bus.publish(event, { durability: "replicated" })
  if (!isExternal) await expect(published).rejects.toMatchObject({ code: "publish_unknown" })
  else await published.catch(() => {})
  expect(await bus.publish(event)).toMatchObject({ duplicate: true })
})

describe.skipIf(isExternal)("with a replica", () => {
  let replica: RedisTestServer

  beforeAll(async () => {
    replica = await startRedisServer({
      args: ["--replicaof", `127.0.0.1 ${redis.server.port}`, "--repl-diskless-sync-delay", "0"],
    })
    const isOnline = async () => expect(await redis.raw.info("replication")).toContain("state=online")
    await vi.waitFor(isOnline, { timeout: 20_000 })
  })
  afterAll(async () => {
    await replica.kill("SIGCONT")
    await replica.stop()
  })

  test("a replicated publish waits for it, for a duplicate as well", async () => {
    const space = redis.space()
    const bus = space.bus()
    const impatient = space.bus({ commandTimeoutMs: 300 })
    const event = eventIn(0)
    expect(await bus.publish(event, { durability: "replicated" })).toMatchObject({ duplicate: false })
    const other = eventIn(0)
    await replica.kill("SIGSTOP")
    await expect(impatient.publish(other, { durability: "replicated" })).rejects.toMatchObject({
      code: "publish_unknown",
    })
    await expect(impatient.publish(other, { durability: "replicated" })).rejects.toMatchObject({
      code: "publish_unknown",
    })
    await replica.kill("SIGCONT")
    expect(await bus.publish(other, { durability: "replicated" })).toMatchObject({ duplicate: true })
  })

  test("a read shows nothing that the replica does not have", async () => {
    const space = redis.space()
    const bus = space.bus()
    const member = await join(space.bus({ commandTimeoutMs: 300 }))
    await bus.publish(eventIn(0))
    expect(await member.take(1)).toHaveLength(1)
    await replica.kill("SIGSTOP")
    await bus.publish(eventIn(0))
    expect(await member.subscription.read({ maxEvents: 10, maxWaitMs: 100 })).toEqual([])
    expect(member.notices).toContainEqual(expect.objectContaining({ message: expect.stringContaining("replica") }))
    await replica.kill("SIGCONT")
    expect(await member.take(1)).toHaveLength(1)
  })

  test("a dead letter is not safe before the replica has it", async () => {
    const space = redis.space()
    const { deadLetters } = space.bus()
    const impatient = space.bus({ commandTimeoutMs: 300 })
    const event = eventIn(0)
    const letter = {
      group: "workers",
      partition: 0,
      position: "01764000000000-0000000001",
      data: encodeEvent(event),
      features: ["a"],
      reason: "handler_failed" as const,
      error: { name: "E", message: "m" },
      attempts: 1,
      firstFailedAt: 1,
      lastFailedAt: 1,
    }
    await replica.kill("SIGSTOP")
    await expect(impatient.deadLetters.append([letter])).rejects.toMatchObject({ code: "bus_unavailable" })
    await replica.kill("SIGCONT")
    await deadLetters.append([letter])
    expect((await deadLetters.stats()).count).toBe(1)
  })

  test("it has everything when a replicated publish has been answered", async () => {
    const space = redis.space()
    const reader = new Redis(replica.adminUrl)
    await once(reader, "ready")
    await space.bus().publish([eventIn(0), eventIn(0)], { durability: "replicated" })
    expect(await reader.xlen(space.stream(0))).toBe(2)
    reader.disconnect()
  })
})
