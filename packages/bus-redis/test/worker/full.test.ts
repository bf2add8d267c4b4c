import { discardAll } from "@fabra/events"
import { startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, expect, test } from "vitest"
import { isExternal } from "../support.js"
import { World } from "./world.js"

let server: Awaited<ReturnType<typeof startRedisServer>>
let raw: Redis

beforeAll(async () => {
  server = await startRedisServer()
  raw = new Redis(server.adminUrl)
})
afterAll(async () => {
  raw.disconnect()
  await server.stop()
})

test.skipIf(isExternal)(
  "a Redis full of events is worked off, dead letters and all, and takes events again",
  async () => {
    const world = new World({
      namespace: server.namespace(),
      client: () => new Redis(server.url, { lazyConnect: true }),
      bus: { dedupeWindowMs: 1_000 }, // what was published in it takes memory too
    })
    const entities = Array.from({ length: 500 }, (_, i) => `user-${i}`)
    await world.publish(entities)
    const used = Number(/used_memory:(\d+)/.exec(await raw.info("memory"))?.[1])
    await raw.config("SET", "maxmemory", used + 1_000_000)
    world.isBroken = true
    for (let before = 0; before < world.acknowledged.length; ) {
      before = world.acknowledged.length
      await world.publish(entities)
      await world.publish(entities.slice(0, 5), {}, "fragile")
    }
    const worker = world.start()
    await worker.idle()
    for (const id of entities.slice(0, 5)) {
      const ofUser = world.acknowledged.filter(({ entityId }) => entityId === id).map(({ eventId }) => eventId)
      const applied = new Set([...(await world.order(id)), ...(await world.order(id, "sound"))])
      expect(ofUser.filter((eventId) => !applied.has(eventId))).toEqual([])
    }
    const { count } = await world.bus.deadLetters.stats()
    expect(count).toBeGreaterThan(0)
    expect(await discardAll(world.bus.deadLetters)).toBe(count)
    const accepted = async () => {
      const before = world.acknowledged.length
      await world.publish(["late"])
      return world.acknowledged.length - before
    }
    await expect.poll(accepted, { timeout: 30_000, interval: 200 }).toBe(1)
    expect(world.warnings.filter((warning) => warning.includes("out of memory"))).not.toEqual([])
    await world.close()
  },
)
