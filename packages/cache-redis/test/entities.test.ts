import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, expect, it } from "vitest"
import { RedisFeatureCache } from "../src/index.js"
import { applied, change, newToken, user } from "./support.js"

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
  await cache.write(written.map((id) => ({ key: user(id), token: newToken(), values: [] })))
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
  const redis = new Redis(server.url)
  await applied(cache, change({ entityType: "Shop", entityId: "kept" }, null))
  await applied(cache, change({ entityType: "Shop", entityId: "gone" }, null))
  await redis.del(`${namespace}:entity:Shop/gone`)
  redis.disconnect()
  expect(await allIds("Shop", 10)).toEqual(["kept"])
})

it("has the id in the index before the record, so that no record is missed", async () => {
  const redis = new Redis(server.url)
  // The script is refused, as if the process died between the two.
  await redis.set(`${namespace}:entity:Cafe/u`, "a string")
  await cache.commit([change({ entityType: "Cafe", entityId: "u" }, null)])
  const sets = await redis.keys(`${namespace}:ids:{Cafe/*}`)
  expect(await redis.smembers(sets[0] as string)).toEqual(["u"])
  redis.disconnect()
})

it("does not write a record whose id it cannot list", async () => {
  const redis = new Redis(server.url)
  const key = { entityType: "Bar", entityId: "u" }
  for (let shard = 0; shard < 16; shard++) await redis.set(`${namespace}:ids:{Bar/${shard}}`, "a string")
  expect(await cache.commit([change(key, null), change(user("fine"), null)])).toMatchObject([
    { status: "unknown" },
    { status: "applied" },
  ])
  expect((await cache.load([key], "g"))[0]?.token).toBeNull()
  redis.disconnect()
})

it.each([[{ limit: 0 }], [{ limit: 1.5 }], [{ after: "17.0" }], [{ after: "x" }], [{ after: "1.-1" }]])(
  "refuses %j",
  async (options) => {
    await expect(cache.entities("User", options)).rejects.toMatchObject({ code: "invalid_argument" })
  },
)
