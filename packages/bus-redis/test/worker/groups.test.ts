import { startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { World } from "./world.js"

const ENTITIES = Array.from({ length: 20 }, (_, i) => `u${i}`)

let server: Awaited<ReturnType<typeof startRedisServer>>
let raw: Redis
let world: World

beforeAll(async () => {
  server = await startRedisServer()
  raw = new Redis(server.adminUrl)
})
afterAll(async () => {
  raw.disconnect()
  await server.stop()
})
beforeEach(() => {
  world = new World({ namespace: server.namespace(), client: () => new Redis(server.url, { lazyConnect: true }) })
})
afterEach(() => world.close())

async function publish(rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) await world.publish(ENTITIES)
}

async function expectApplied(feature: string): Promise<void> {
  const log = await world.log(raw)
  for (const id of ENTITIES) {
    await expect.poll(() => world.order(id, feature), { timeout: 20_000 }).toEqual(log.get(id))
  }
}

test("each group applies every event to features of its own, and neither disturbs the other", async () => {
  for (const group of ["a", "b", "a"]) world.start({ group })
  await publish(10)
  for (const feature of ["order_a", "order_b"]) await expectApplied(feature)
  for (const group of ["a", "b"]) expect(await world.bus.lag(group)).toHaveLength(6)
})

test("R12: a group that was removed and comes again applies what it missed, and nothing twice", async () => {
  const worker = world.start({ group: "b" })
  world.start({ group: "a" })
  await publish(3)
  await expectApplied("order_b")
  await worker.stop()
  expect(await world.bus.removeGroup("b")).toBe(true)
  await publish(2)
  await expectApplied("order_a")
  const again = world.start({ group: "b" })
  await expectApplied("order_b")
  await again.idle()
  await expectApplied("order_b")
})

test("what bus and cache on one server are not safe from is said once", async () => {
  await world.start().idle()
  await expect.poll(() => world.warnings, { timeout: 20_000 }).toContainEqual(expect.stringContaining("append-only"))
  await world.cache.check() // the worker's own, asked at the same time, has been answered
  expect(world.warnings.filter((message) => message.includes("append-only"))).toHaveLength(1)
})
