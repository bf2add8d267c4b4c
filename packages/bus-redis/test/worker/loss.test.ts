import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { isExternal } from "../support.js"
import { streamOf, World } from "./world.js"

const ENTITIES = Array.from({ length: 20 }, (_, i) => `u${i}`)

describe.skipIf(isExternal)("a worker whose Redis", () => {
  let server: RedisTestServer
  let cacheServer: RedisTestServer
  let bus: Redis
  let cache: Redis
  let world: World

  beforeEach(async () => {
    ;[server, cacheServer] = await Promise.all([startRedisServer({ appendOnly: true }), startRedisServer()])
    bus = connect(server)
    cache = connect(cacheServer)
    world = new World({
      namespace: "w",
      client: () => new Redis(server.url, { lazyConnect: true }),
      cacheClient: () => new Redis(cacheServer.url, { lazyConnect: true }),
    })
  })
  afterEach(async () => {
    await world.close()
    for (const client of [bus, cache]) client.disconnect()
    await Promise.all([server.stop(), cacheServer.stop()])
  })

  function connect({ adminUrl }: RedisTestServer): Redis {
    return new Redis(adminUrl, { maxRetriesPerRequest: null }).on("error", () => {})
  }

  const said = (text: string) => expect.poll(() => world.warnings.join("\n"), { timeout: 20_000 }).toContain(text)

  /** What the next event of every entity does, whatever came before, is there in the end. */
  async function nextIsApplied(before: (entityId: string) => readonly string[]): Promise<void> {
    world.acknowledged.length = 0
    for (let i = 0; i < 3; i++) await world.publish(ENTITIES)
    for (const entityId of ENTITIES) {
      const now = world.acknowledged.filter((event) => event.entityId === entityId).map(({ eventId }) => eventId)
      const expected = [...before(entityId), ...now]
      await expect.poll(() => world.order(entityId), { timeout: 20_000 }).toEqual(expected)
    }
  }

  /** Applies some events of every entity, and tells which. */
  async function someApplied(): Promise<Map<string, string[]>> {
    for (let i = 0; i < 3; i++) await world.publish(ENTITIES)
    await world.expectApplied(bus)
    return await world.log(bus)
  }

  test("loses all of bus and cache says so, and applies what comes then", async () => {
    world.start()
    await someApplied()
    await Promise.all([bus.flushall(), cache.flushall()])
    await nextIsApplied(() => [])
    await said('Redis has lost all of the bus (the namespace "w")')
    await world.expectApplied(bus)
  })

  test("loses the bus only applies what comes then to what was there", async () => {
    world.start()
    const before = await someApplied()
    await bus.flushall()
    await nextIsApplied((entityId) => before.get(entityId) ?? [])
    await said('Redis has lost all of the bus (the namespace "w")')
  })

  test("loses the cache only says so, and makes up for what it can read again", async () => {
    // The checkpoint follows a minute behind, so that here all of it can be read again.
    world.start({ rollbackMarginMs: 60_000 })
    const before = await someApplied()
    await cache.flushall()
    await nextIsApplied((entityId) => before.get(entityId) ?? [])
    await said("The cache lost commits; partition")
    await world.expectApplied(bus)
  })

  test("restarts without a loss raises no alarm", async () => {
    const one = new World({ namespace: "one", client: () => new Redis(server.url, { lazyConnect: true }) })
    const causes: string[] = []
    one.start({ telemetry: [{ rolledBack: ({ cause }) => causes.push(cause) }] })
    for (let i = 0; i < 3; i++) await one.publish(ENTITIES)
    await one.expectApplied(bus)
    await server.restart()
    await expect.poll(() => causes, { timeout: 20_000 }).not.toEqual([])
    await one.publish(ENTITIES)
    await one.expectApplied(bus)
    expect(causes).not.toContain("lost")
    expect(one.warnings.filter((warning) => warning.includes("lost commits"))).toEqual([])
    await one.close()
  })

  test("restarts without what it had confirmed says what was lost, and makes up for it", async () => {
    const causes: string[] = []
    world.start({ rollbackMarginMs: 6_000, telemetry: [{ rolledBack: ({ cause }) => causes.push(cause) }] })
    await someApplied()
    await cacheServer.restart() // which keeps no file
    await said("The cache lost commits of partition")
    expect(causes).toContain("lost")
    await world.expectApplied(bus)
  })

  test("loses the cache for good, with what lies before the checkpoint, goes on from there", async () => {
    world.start({ rollbackMarginMs: 0 })
    await someApplied()
    await expect
      .poll(async () => (await world.bus.lag("fabra_workers")).map(({ events }) => events), { timeout: 20_000 })
      .toEqual([0, 0, 0, 0, 0, 0])
    await cache.flushall()
    await nextIsApplied(() => [])
  })

  describe("has an older snapshot put back", () => {
    const ENDS_EARLY = /Redis has lost the stream of partitions? .*, or its end/

    /** Applies some events, puts back a snapshot from before the last ones, and tells all that were applied, and what position was the last. */
    async function putBack(whileAway = async () => {}) {
      const raw = connect(cacheServer)
      await someAppliedTo(raw)
      await raw.save()
      const before = await someAppliedTo(raw)
      await whileAway()
      await cacheServer.restart() // loads the snapshot, since it keeps no other file
      raw.disconnect()
      return {
        before,
        last: world.acknowledged
          .map(({ position }) => position)
          .sort()
          .at(-1) as string,
      }
    }

    async function someAppliedTo(raw: Redis) {
      for (let i = 0; i < 3; i++) await world.publish(ENTITIES)
      await world.expectApplied(raw)
      return await world.log(raw)
    }

    // Here it is the bus that keeps snapshots, and the cache that loses nothing.
    beforeEach(async () => {
      await world.close()
      world = new World({
        namespace: "w",
        client: () => new Redis(cacheServer.url, { lazyConnect: true }),
        cacheClient: () => new Redis(server.url, { lazyConnect: true }),
      })
    })

    test("says what is at risk, and takes no new event for an old one", async () => {
      world.start()
      const { before, last } = await putBack()
      await expect.poll(() => world.warnings.join("\n"), { timeout: 20_000 }).toMatch(ENDS_EARLY)
      expect(world.warnings.find((warning) => ENDS_EARLY.test(warning))).toMatch(/\(G1\)\. Publish again/)
      await nextIsApplied((entityId) => before.get(entityId) ?? [])
      expect(world.acknowledged.filter(({ position }) => position <= last)).toEqual([])
    })

    test("takes no new event for an old one when it starts only then", async () => {
      const worker = world.start()
      const { before, last } = await putBack(() => worker.stop())
      world.start()
      await nextIsApplied((entityId) => before.get(entityId) ?? [])
      expect(world.acknowledged.filter(({ position }) => position <= last)).toEqual([])
    })
  })

  test("loses a stream, a group or the scripts says so, and goes on", async () => {
    world.start()
    const before = await someApplied()
    await bus.del(streamOf("w", "u0"))
    await said("Redis has lost the stream of partition")
    await bus.xgroup("DESTROY", streamOf("w", "u1"), "fabra_workers")
    await said('The group "fabra_workers" was gone from Redis in partition')
    await Promise.all([bus.script("FLUSH"), cache.script("FLUSH")])
    await nextIsApplied((entityId) => before.get(entityId) ?? [])
  })

  test("is not there yet waits for it", async () => {
    await server.kill()
    world.start()
    await said("The bus does not answer")
    await server.restart()
    await cacheServer.kill()
    await world.publish(ENTITIES)
    await said("The cache does not answer")
    await cacheServer.restart()
    await world.expectApplied(bus)
  })

  test("would evict keys is named, also when it was not there at the start", async () => {
    await bus.config("SET", "maxmemory-policy", "allkeys-lru")
    const careless = await startRedisServer({ args: ["--maxmemory-policy", "volatile-ttl"] })
    const elsewhere = new World({
      namespace: "w",
      client: () => new Redis(server.url, { lazyConnect: true }),
      cacheClient: () => new Redis(careless.url, { lazyConnect: true }),
    })
    await careless.kill()
    elsewhere.start()
    const warnings = () => elsewhere.warnings.join("\n")
    await expect.poll(warnings, { timeout: 20_000 }).toContain("The cache does not answer")
    await careless.restart()
    await expect.poll(warnings, { timeout: 20_000 }).toMatch(/drops keys when its memory is full .*volatile-ttl/)
    expect(warnings()).toMatch(/drops keys when its memory is full .*allkeys-lru/)
    await elsewhere.close()
    await careless.stop()
  })

  test("is killed and comes back loses nothing that was acknowledged, and needs no help", async () => {
    for (let i = 0; i < 2; i++) world.start()
    const publishing = (async () => {
      for (let i = 0; i < 60; i++) await world.publish(ENTITIES)
    })()
    for (let i = 1; i <= 3; i++) {
      await expect.poll(() => world.acknowledged.length, { interval: 1 }).toBeGreaterThan(i * 15 * ENTITIES.length)
      await server.restart()
    }
    await publishing
    expect(world.acknowledged).toHaveLength(60 * ENTITIES.length)
    await world.expectApplied(bus)
  })
})
