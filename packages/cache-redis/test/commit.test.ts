import type { CommitResult } from "@fabra/core/adapter"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { RedisFeatureCache } from "../src/index.js"
import { applied, change, commitOne, loadOne, newToken, user, value } from "./support.js"

let server: RedisTestServer
let redis: Redis
let namespace: string
let cache: RedisFeatureCache

beforeAll(async () => {
  server = await startRedisServer()
  redis = new Redis(server.adminUrl)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(() => {
  namespace = server.namespace()
  cache = new RedisFeatureCache({ url: server.url, namespace })
})
afterEach(() => cache.close())

it("keeps two groups out of each other's way, and a direct write in both's", async () => {
  const key = user("u")
  const a = await applied(cache, change(key, null, { group: "a" }))
  const b = await applied(cache, change(key, null, { group: "b" }))
  const a2 = await applied(cache, change(key, a.version, { group: "a" }))

  const token = newToken()
  await cache.write([{ key, token, values: new Map([["f", value("1")]]) }])
  expect(await commitOne(cache, change(key, a2.version, { group: "a" }))).toEqual({ status: "conflict" })
  expect(await commitOne(cache, change(key, b.version, { group: "b" }))).toEqual({ status: "conflict" })
  expect(await commitOne(cache, change(key, null, { group: "c" }))).toEqual({ status: "conflict" })
  expect(await cache.write([{ key, token, values: new Map([["f", value("2")]]) }])).toEqual([{ status: "applied" }])
  expect(await cache.read([key], ["f"])).toEqual([[value("1")]])

  const again = await applied(cache, change(key, (await loadOne(cache, key, "b")).version, { group: "b" }))
  expect(again.version).toBe((await loadOne(cache, key, "b")).version)
})

it("judges each of 500 changes of one call alone", async () => {
  const keys = Array.from({ length: 500 }, (_, i) => user(`u${i}`))
  await cache.commit(
    keys.filter((_, i) => i % 7 === 0).map((key) => change(key, null, { values: new Map([["f", value("old")]]) })),
  )

  const results = await cache.commit(
    keys.map((key, i) => change(key, null, { values: new Map([["f", value(`${i}`)]]) })),
  )

  expect(results.map((result) => result.status)).toEqual(keys.map((_, i) => (i % 7 === 0 ? "conflict" : "applied")))
  const rows = await cache.read(keys, ["f"])
  expect(rows.map(([stored]) => stored?.text)).toEqual(keys.map((_, i) => (i % 7 === 0 ? "old" : `${i}`)))
  const records = await cache.load(keys, "g")
  for (const [i, result] of results.entries()) {
    if (result.status === "applied") expect(records[i]).toMatchObject({ version: result.version, epoch: result.epoch })
  }
})

it("applies a change larger than what Lua unpacks at once, as one", async () => {
  const values = new Map(Array.from({ length: 9_000 }, (_, i) => [`f${i}`, value(`${i}`)]))
  const { version } = await applied(cache, change(user("u"), null, { values }))
  expect((await loadOne(cache, user("u"))).values.size).toBe(9_000)

  const removed = new Map([...values.keys()].map((feature) => [feature, null]))
  await applied(cache, change(user("u"), version, { values: removed }))
  expect((await loadOne(cache, user("u"))).values.size).toBe(0)
})

it("adds a flag that a change both removes and adds", async () => {
  const key = user("u")
  const { version } = await applied(cache, change(key, null, { addFlags: ["x", "y"] }))
  await applied(cache, change(key, version, { removeFlags: ["x", "y"], addFlags: ["x"] }))
  expect((await loadOne(cache, key)).flags).toEqual(new Set(["x"]))
})

it("loads the script again after SCRIPT FLUSH", async () => {
  const { version } = await applied(cache, change(user("u"), null))
  await redis.script("FLUSH")
  const many = Array.from({ length: 200 }, (_, i) => change(user(`n${i}`), null))
  const results = await cache.commit([change(user("u"), version), ...many])
  expect(results.every((result) => result.status === "applied")).toBe(true)
})

it("lets a key that is none of ours spoil nothing but its own change", async () => {
  await redis.set(`${namespace}:entity:User/bad`, "a string")
  const results = await cache.commit(["a", "bad", "b"].map((id) => change(user(id), null)))
  expect(results.map((result) => result.status)).toEqual(["applied", "unknown", "applied"])
  const bad = results[1] as CommitResult & { status: "unknown" }
  expect(bad.error).toMatchObject({ code: "cache_unavailable", message: expect.stringContaining("WRONGTYPE") })

  const writes = await cache.write(["a", "bad"].map((id) => ({ key: user(id), token: newToken(), values: new Map() })))
  expect(writes.map((result) => result.status)).toEqual(["applied", "unknown"])
  await expect(cache.load([user("a"), user("bad")], "g")).rejects.toMatchObject({ code: "cache_unavailable" })
})

it("shows readers all of a commit or nothing", async () => {
  const keys = Array.from({ length: 50 }, (_, i) => user(`u${i}`))
  const features = ["a", "b", "c"]
  let running = true
  const writer = (async () => {
    let bases: (string | null)[] = keys.map(() => null)
    for (let n = 0; n < 60; n++) {
      const values = new Map(features.map((feature) => [feature, value(`${n}`)]))
      const results = await cache.commit(keys.map((key, i) => change(key, bases[i] as string | null, { values })))
      bases = results.map((result) => (result.status === "applied" ? result.version : null))
    }
    running = false
  })()
  const reader = new RedisFeatureCache({ url: server.url, namespace })
  while (running) {
    for (const row of await reader.read(keys, features)) expect(new Set(row.map((stored) => stored?.text)).size).toBe(1)
  }
  await writer
  await reader.close()
})

// Not on a server that others use meanwhile.
it.skipIf(process.env.FABRA_TEST_REDIS_URL)(
  "applies a change when memory is full, and refuses a direct write",
  async () => {
    const key = user("u")
    const { version } = await applied(cache, change(key, null, { values: new Map([["old", value("1")]]) }))
    await redis.config("SET", "maxmemory", "1")
    try {
      const values = new Map([
        ["old", null],
        ["new", value("1")],
      ])
      expect(await commitOne(cache, change(key, version, { values }))).toMatchObject({ status: "applied" })
      expect([...(await loadOne(cache, key)).values.keys()]).toEqual(["new"])
      const write = { key: user("v"), token: newToken(), values }
      expect(await cache.write([write])).toMatchObject([{ status: "unknown" }])
      expect((await loadOne(cache, user("v"))).version).toBeNull()
    } finally {
      await redis.config("SET", "maxmemory", "0")
    }
  },
)

it("answers for nothing when it is asked nothing", async () => {
  const nowhere = new RedisFeatureCache({ url: "redis://127.0.0.1:1" })
  expect(await nowhere.load([], "g")).toEqual([])
  expect(await nowhere.commit([])).toEqual([])
  expect(await nowhere.read([user("u")], [])).toEqual([[]])
  expect(await nowhere.verify([])).toBe(true)
})
