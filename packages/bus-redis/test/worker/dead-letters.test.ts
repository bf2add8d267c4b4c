import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { discardAll, replayAll } from "@fabra/events"
import { startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { isExternal } from "../support.js"
import { World } from "./world.js"

const ENTITIES = ["ann", "bob", "cyd"]

let server: Awaited<ReturnType<typeof startRedisServer>>
let raw: Redis
let namespace: string
let world: World

beforeAll(async () => {
  server = await startRedisServer()
  raw = new Redis(server.adminUrl)
})
afterAll(async () => {
  raw.disconnect()
  await server.stop()
})
beforeEach(async () => {
  namespace = server.namespace()
  // Without a window nobody but the record itself knows that a replay has come before.
  world = new World({
    namespace,
    client: () => new Redis(server.url, { lazyConnect: true }),
    bus: { dedupeWindowMs: 0 },
  })
  const worker = world.start()
  world.isBroken = true
  for (let i = 0; i < 3; i++) await world.publish(ENTITIES, {}, "fragile")
  await worker.idle()
  world.isBroken = false
  expect((await world.bus.deadLetters.stats()).count).toBe(9)
})
afterEach(() => world.close())

const idsOf = (entityId: string) =>
  world.acknowledged.filter((event) => event.entityId === entityId).map(({ eventId }) => eventId)
const orders = (feature: string) => Promise.all(ENTITIES.map((id) => world.order(id, feature)))
const flags = async () =>
  (await Promise.all(ENTITIES.map((id) => raw.hkeys(`${namespace}:entity:User/${id}`))))
    .flat()
    .filter((field) => field.startsWith("d:"))

test("replay only what a filter means, and of that only the features that failed", async () => {
  const { deadLetters } = world.bus
  expect(await replayAll(deadLetters, { entityId: "bob", feature: "fragile", reason: "handler_failed" })).toHaveLength(
    3,
  )
  await expect.poll(() => orders("fragile"), { timeout: 20_000 }).toEqual([[], idsOf("bob"), []])
  expect(await orders("sound")).toEqual(ENTITIES.map(idsOf))
  expect((await deadLetters.list()).entries.map(({ entityId }) => entityId)).not.toContain("bob")
})

test("replayed twice, by two at once and once more, are applied once", async () => {
  const other = new World({ namespace, client: () => new Redis(server.url), bus: { dedupeWindowMs: 0 } })
  await Promise.all([replayAll(world.bus.deadLetters), replayAll(other.bus.deadLetters)])
  await expect.poll(flags, { timeout: 20_000 }).toEqual([])
  await other.close()
  // All that was published for them is settled before these are.
  await world.publish(ENTITIES, {}, "fragile")
  await expect.poll(() => orders("fragile"), { timeout: 20_000 }).toEqual(ENTITIES.map(idsOf))
  expect(await orders("sound")).toEqual(ENTITIES.map(idsOf))
})

test("discarded, are forgotten by the records too", async () => {
  expect(await flags()).toHaveLength(9)
  expect(await discardAll(world.bus.deadLetters)).toBe(9)
  await expect.poll(flags, { timeout: 20_000 }).toEqual([])
  expect(await orders("fragile")).toEqual([[], [], []])
})

test.skipIf(isExternal)("are shown by redis-cli, one field a line", async () => {
  const { stdout } = await promisify(execFile)("redis-cli", [
    "-p",
    `${server.port}`,
    "XRANGE",
    `${namespace}:dlq`,
    "-",
    "+",
  ])
  const lines = stdout.split("\n")
  const after = (name: string) => lines[lines.indexOf(name) + 1]
  expect(after("event_type")).toBe("fragile")
  expect(after("features")).toBe('["fragile"]')
  expect(after("reason")).toBe("handler_failed")
  expect(after("error_message")).toBe("broken")
  expect(JSON.parse(after("event") ?? "")).toMatchObject({ event_id: after("event_id"), entity_id: after("entity_id") })
})
