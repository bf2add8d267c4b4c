import type { WholeRecord } from "@fabra/core/adapter"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, expect, it } from "vitest"
import { RedisFeatureCache } from "../src/index.js"
import { applied, change, loadOne, newToken, user } from "./support.js"

let server: RedisTestServer
let cache: RedisFeatureCache
let namespace: string

beforeAll(async () => {
  server = await startRedisServer()
  namespace = server.namespace()
  cache = new RedisFeatureCache({ url: server.url, namespace })
})
afterAll(async () => {
  await cache.close()
  await server.stop()
})

async function allIds(entityType: string, limit: number): Promise<string[]> {
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await cache.entities(entityType, after === undefined ? { limit } : { after, limit })
    ids.push(...page.ids)
    after = page.next ?? undefined
  } while (after !== undefined)
  return ids
}

it("pages through every id that was committed or written, once each when nothing changes", async () => {
  const committed = Array.from({ length: 3_000 }, (_, i) => `u${i}`)
  const written = Array.from({ length: 200 }, (_, i) => `w${i}`)
  await cache.commit(committed.map((id) => change(user(id), null)))
  await cache.write(written.map((id) => ({ key: user(id), token: newToken(), values: new Map() })))
  for (const limit of [1, 100, 10_000]) {
    expect((await allIds("User", limit)).sort()).toEqual([...committed, ...written].sort())
  }
  expect(await allIds("Product", 10)).toEqual([])
})

it("keeps types apart whose names begin alike", async () => {
  await applied(cache, change({ entityType: "A", entityId: "B:x" }, null))
  await applied(cache, change({ entityType: "A:B", entityId: "x" }, null))
  expect(await allIds("A", 10)).toEqual(["B:x"])
  expect(await allIds("A:B", 10)).toEqual(["x"])
})

it("passes over ids without a record", async () => {
  const redis = new Redis(server.adminUrl)
  await applied(cache, change({ entityType: "Shop", entityId: "kept" }, null))
  await applied(cache, change({ entityType: "Shop", entityId: "gone" }, null))
  await redis.del(`${namespace}:entity:Shop/gone`)
  redis.disconnect()
  expect(await allIds("Shop", 10)).toEqual(["kept"])
})

it("does not write a record whose id it cannot list", async () => {
  const redis = new Redis(server.adminUrl)
  const key = { entityType: "Bar", entityId: "u" }
  for (let shard = 0; shard < 16; shard++) await redis.set(`${namespace}:ids:{Bar/${shard}}`, "a string")
  expect(await cache.commit([change(key, null), change(user("fine"), null)])).toMatchObject([
    { status: "unknown" },
    { status: "applied" },
  ])
  expect((await cache.load([key], "g"))[0]?.version).toBeNull()
  redis.disconnect()
})

it.each([[{ limit: 0 }], [{ limit: 1.5 }], [{ after: "17.0" }], [{ after: "x" }], [{ after: "1.-1" }]])(
  "refuses %j",
  async (options) => {
    await expect(cache.entities("User", options)).rejects.toMatchObject({ code: "invalid_argument" })
  },
)

it("puts the id into the index with the record, and takes it out with it", async () => {
  const redis = new Redis(server.adminUrl)
  const sets = async () => (await redis.keys(`${namespace}:ids:{Cafe/*}`)).length
  const key = { entityType: "Cafe", entityId: "u" }
  // Refused, as if the process died: neither is there.
  await redis.set(`${namespace}:entity:Cafe/u`, "a string")
  await cache.commit([change(key, null)])
  expect(await sets()).toBe(0)
  await redis.del(`${namespace}:entity:Cafe/u`)
  await applied(cache, change(key, null))
  expect(await sets()).toBe(1)
  const [{ version }] = (await cache.inspect([key])) as [WholeRecord]
  expect(await cache.remove([{ key, version: version as string, token: newToken(), tombstones: [] }])).toEqual([
    { status: "removed" },
  ])
  expect(await sets()).toBe(0)
  redis.disconnect()
})

it("removes records also when the memory is full", async () => {
  const redis = new Redis(server.adminUrl)
  const key = { entityType: "Mall", entityId: "u" }
  await applied(cache, change(key, (await loadOne(cache, key)).version))
  const [{ version }] = (await cache.inspect([key])) as [WholeRecord]
  await redis.config("SET", "maxmemory", "1mb")
  const tombstones = [{ group: "g", before: null, after: "left" }]
  expect(await cache.remove([{ key, version: version as string, token: newToken(), tombstones }])).toEqual([
    { status: "removed" },
  ])
  await redis.config("SET", "maxmemory", "0")
  expect(await loadOne(cache, key)).toMatchObject({ state: null, tombstone: "left" })
  redis.disconnect()
})
