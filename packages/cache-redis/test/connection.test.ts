import { TcpProxy } from "@fabra/test-support"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { RedisFeatureCache } from "../src/index.js"
import { applied, change, commitOne, eventually, loadOne, newToken, user, value } from "./support.js"

/** A server that others use too: their connections may not be killed, its settings are not ours. */
const external = process.env.FABRA_TEST_REDIS_URL !== undefined

let server: RedisTestServer
let namespace: string
let cache: RedisFeatureCache

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server.stop())
beforeEach(() => {
  namespace = server.namespace()
  cache = new RedisFeatureCache({ url: server.url, namespace })
})
afterEach(() => cache.close())

it.skipIf(external)("warns of settings that endanger what is kept", async () => {
  const careful = await startRedisServer({ appendOnly: true })
  const careless = await startRedisServer({ args: ["--maxmemory-policy", "allkeys-lru"] })
  const caches = [careful, careless].map(({ url }) => new RedisFeatureCache({ url })) as [
    RedisFeatureCache,
    RedisFeatureCache,
  ]
  expect(await caches[0].check()).toEqual([])
  expect(await caches[1].check()).toEqual([
    {
      code: "store_evicts",
      where: expect.any(String),
      message: expect.stringContaining("maxmemory-policy allkeys-lru"),
    },
    { code: "store_not_durable", where: expect.any(String), message: expect.stringContaining("appendonly yes") },
  ])
  await Promise.all([...caches.map((each) => each.close()), careful.stop(), careless.stop()])
})

it.skipIf(external)("connects again after its connection was cut", async () => {
  const admin = new Redis(server.adminUrl)
  const { epoch } = await applied(cache, change(user("u"), null))
  await admin.client("KILL", "TYPE", "normal", "SKIPME", "yes")
  const record = await loadOne(cache, user("u"))
  expect(record.epoch).toBe(epoch)
  expect(await cache.verify([epoch])).toBe(true)
  admin.disconnect()
})

it("closes its own connection, and is closed then", async () => {
  await loadOne(cache, user("u"))
  await cache.close()
  await cache.close()
  await expect(cache.load([user("u")], "g")).rejects.toMatchObject({ code: "cache_unavailable" })
  await expect(cache.verify(["x"])).rejects.toMatchObject({ code: "cache_unavailable" })
  await expect(cache.entities("User")).rejects.toMatchObject({ code: "cache_unavailable" })
  expect(await commitOne(cache, change(user("u"), null))).toMatchObject({ status: "unknown" })
  expect(await cache.write([{ key: user("u"), token: newToken(), values: new Map() }])).toMatchObject([
    { status: "unknown" },
  ])
})

it("tells why there is no connection", async () => {
  const nowhere = new RedisFeatureCache({ url: "redis://127.0.0.1:1", commandTimeoutMs: 400 })
  // On a busy machine even a refusal may come too late for one call.
  await eventually(() => nowhere.read([user("u")], ["f"]).catch(({ message }) => /ECONNREFUSED/.exec(message)?.[0]))
  await eventually(() => nowhere.verify(["x"]).catch(({ message }) => /ECONNREFUSED/.exec(message)?.[0]))
  const toldWhy = {
    status: "unknown",
    error: { code: "cache_unavailable", message: expect.stringContaining("ECONNREFUSED") },
  }
  await vi.waitFor(async () => expect(await commitOne(nowhere, change(user("u"), null))).toMatchObject(toldWhy), 60_000)
})

it("ends calls under way when it is closed", async () => {
  const patient = new RedisFeatureCache({ url: "redis://127.0.0.1:1", commandTimeoutMs: 1_000_000 })
  const call = patient.read([user("u")], ["f"])
  await patient.close()
  await expect(call).rejects.toMatchObject({ code: "cache_unavailable" })
})

describe("a client of the caller's", () => {
  it("is used and left open", async () => {
    const client = new Redis(server.url, { db: 1 })
    const mine = new RedisFeatureCache({ client, namespace })
    await applied(mine, change(user("u"), null))
    await mine.close()
    expect(await client.ping()).toBe("PONG")
    expect(await client.exists(`${namespace}:entity:User/u`)).toBe(1)
    expect((await loadOne(cache, user("u"))).version).toBeNull()
    client.disconnect()
  })

  it.skipIf(external).each([
    ["that is lazy", { lazyConnect: true }],
    ["without an offline queue", { enableOfflineQueue: false }],
    ["that retries for ever", { maxRetriesPerRequest: null }],
    ["without a ready check", { enableReadyCheck: false }],
  ])("%s works from the first call on, and after a cut", async (_, options) => {
    const client = new Redis(server.url, options)
    client.on("error", () => {})
    const mine = new RedisFeatureCache({ client, namespace })
    await applied(mine, change(user("u"), null))
    const admin = new Redis(server.adminUrl)
    await admin.client("KILL", "TYPE", "normal", "SKIPME", "yes")
    expect((await loadOne(mine, user("u"))).version).not.toBeNull()
    admin.disconnect()
    client.disconnect()
  })

  it("that was closed is reported", async () => {
    const client = new Redis(server.url, { lazyConnect: true })
    client.disconnect()
    const mine = new RedisFeatureCache({ client, commandTimeoutMs: 100 })
    await expect(mine.read([user("u")], ["f"])).rejects.toThrow("the client is closed")
  })
})

describe("a connection that breaks", () => {
  let proxy: TcpProxy
  let behind: RedisFeatureCache

  beforeEach(async () => {
    proxy = await TcpProxy.to(server.url)
    behind = new RedisFeatureCache({ url: proxy.url, namespace, commandTimeoutMs: 4_000 })
    await applied(behind, change(user("another"), (await loadOne(behind, user("another"))).version)) // it has the script now
  })
  afterEach(async () => {
    await behind.close()
    proxy.close()
  })

  it("before the answer leaves a commit unknown, and sending it again shows what became of it", async () => {
    const one = change(user("u"), null, { values: new Map([["f", value("1")]]) })
    proxy.cutAfter(0)
    expect(await commitOne(behind, one)).toMatchObject({ status: "unknown", error: { code: "cache_unavailable" } })
    expect(await commitOne(behind, one)).toEqual({ status: "conflict" })
    expect(await loadOne(behind, user("u"))).toMatchObject({ version: `${one.token}/` })
  })

  it("before the answer is no hindrance to a direct write, which is sent again and made once", async () => {
    const first = { key: user("u"), token: newToken(), values: new Map([["f", value("1")]]) }
    proxy.cutAfter(0)
    expect(await behind.write([first])).toEqual([{ status: "applied" }])
    await applied(
      cache,
      change(user("u"), (await loadOne(cache, user("u"))).version, { values: new Map([["f", value("2")]]) }),
    )
    expect(await behind.write([first])).toEqual([{ status: "applied" }])
    expect(await cache.read([user("u")], ["f"])).toEqual([[value("2")]])
  })

  it("before the answer is no hindrance to reads", async () => {
    await applied(cache, change(user("u"), null, { values: new Map([["f", value("1")]]) }))
    proxy.cutAfter(0)
    expect(await behind.read([user("u")], ["f"])).toEqual([[value("1")]])
  })

  it("without a word is given up and replaced within one call", async () => {
    await applied(cache, change(user("u"), null, { values: new Map([["f", value("1")]]) }))
    proxy.abandon()
    expect(await behind.read([user("u")], ["f"])).toEqual([[value("1")]])
  })
})
