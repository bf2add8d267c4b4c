import { once } from "node:events"
import { encodeEvent } from "@fabra/events/adapter"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { startSentinel } from "./sentinel.js"
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

test.skipIf(isExternal)("a bus that requires a replica reads nothing from a server that never had one", async () => {
  const space = redis.space()
  const bus = space.bus({ commandTimeoutMs: 200, replicas: "required" })
  const member = await join(bus)
  await bus.publish(eventIn(0))
  expect(await member.subscription.read({ maxEvents: 10, maxWaitMs: 500 })).toEqual([])
  expect(member.notices).toContainEqual(expect.objectContaining({ code: "replica_missing", level: "error" }))
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

  test("a bus that has seen the last replica go reads nothing, says so and why, and reads on when it is back", async () => {
    const space = redis.space()
    const bus = space.bus({ commandTimeoutMs: 300 })
    const optional = space.bus({ commandTimeoutMs: 300, replicas: "optional" })
    const waiting = await join(bus)
    const goingOn = await join(optional, { group: "others" })
    await bus.publish(eventIn(0))
    await Promise.all([waiting.take(1), goingOn.take(1)])
    await replica.kill()
    await vi.waitFor(async () => expect(await redis.raw.info("replication")).toContain("connected_slaves:0"))
    await bus.publish(eventIn(0))

    expect(await goingOn.take(1)).toHaveLength(1)
    expect(goingOn.notices).toContainEqual(expect.objectContaining({ code: "replica_missing", level: "warn" }))
    expect(await waiting.subscription.read({ maxEvents: 10, maxWaitMs: 1_000 })).toEqual([])
    expect(await waiting.subscription.read({ maxEvents: 10, maxWaitMs: 1_000 })).toEqual([])
    const told = waiting.notices.filter(({ code }) => code === "replica_missing")
    expect(told).toMatchObject([{ level: "error", message: expect.stringContaining("nothing is applied") }])
    expect(await bus.servers()).toMatchObject([{ replicas: 0, waitsForReplica: true, maxBytes: null }])
    expect(await optional.servers()).toMatchObject([{ replicas: 0, waitsForReplica: false }])

    await replica.restart()
    expect(await waiting.take(1)).toHaveLength(1)
    expect(waiting.notices).toContainEqual(expect.objectContaining({ code: "replica_back" }))
    const isOnline = async () => expect(await redis.raw.info("replication")).toContain("state=online")
    await vi.waitFor(isOnline, { timeout: 20_000 })
    expect(await bus.servers()).toMatchObject([{ replicas: 1, waitsForReplica: false }])
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

test.skipIf(isExternal)("after a fail-over through a sentinel, a master without replicas is read at once", async () => {
  const master = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] })
  const heir = await startRedisServer({ args: ["--replicaof", `127.0.0.1 ${master.port}`] })
  await using sentinel = await startSentinel(master.port)
  try {
    const admin = new Redis(master.adminUrl)
    const isOnline = async () => expect(await admin.info("replication")).toContain("state=online")
    await vi.waitFor(isOnline, { timeout: 20_000 })
    admin.disconnect()
    await sentinel.knowsReplica()
    const client = new Redis({
      sentinels: [{ host: "127.0.0.1", port: sentinel.port }],
      name: "main",
      lazyConnect: true,
    })
    const bus = redis.space().bus({ client })
    const member = await join(bus)
    await bus.publish(eventIn(0))
    await member.take(1)
    await master.kill()
    await sentinel.failOver()
    const { position } = await bus.publish(eventIn(0))
    expect(await member.take(1)).toMatchObject([{ records: [{ position }] }])
    expect(member.notices.map(({ code }) => code)).not.toContain("replica_missing")
    await member.subscription.close()
    client.disconnect()
  } finally {
    await Promise.all([master.stop(), heir.stop()])
  }
})
