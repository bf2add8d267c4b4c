import { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { RedisFeatureCache } from "./redis-feature-cache.js"

describe("the options", () => {
  const client = new Redis({ lazyConnect: true })

  it.each([
    ["two sources of connection", { url: "redis://127.0.0.1:6379", client }, "url and client"],
    ["a url of something else", { url: "http://127.0.0.1:6379" }, "url must read redis://"],
    ["a url that is none", { url: "redis://[" }, "url must read redis://"],
    ["no time for a command", { commandTimeoutMs: 0 }, "commandTimeoutMs is 0"],
    ["half a millisecond", { commandTimeoutMs: 0.5 }, "commandTimeoutMs is 0.5"],
    ["a time longer than timers are", { commandTimeoutMs: 2 ** 31 }, "commandTimeoutMs is"],
    ["a negative window", { rollbackWindowMs: -1 }, "rollbackWindowMs is -1"],
    ["a window that is no number", { rollbackWindowMs: Number.NaN }, "rollbackWindowMs is NaN"],
    ["a client with a prefix", { client: new Redis({ lazyConnect: true, keyPrefix: "p:" }) }, "keyPrefix"],
  ])("refuse %s", (_, options, message) => {
    expect(() => new RedisFeatureCache(options)).toThrow(message)
    expect(() => new RedisFeatureCache(options)).toThrow(expect.objectContaining({ code: "invalid_argument" }))
  })

  it("refuse a namespace that is no name", () => {
    expect(() => new RedisFeatureCache({ namespace: "a b" })).toThrow(expect.objectContaining({ code: "invalid_name" }))
  })

  it("do not show a password", () => {
    expect(() => new RedisFeatureCache({ url: "http://:secret@localhost" })).toThrow(/^(?!.*secret)/)
  })

  it("have the defaults of a single server, and connect to nothing", async () => {
    const cache = new RedisFeatureCache({ client })
    expect(cache.capabilities).toEqual({
      name: "redis",
      persistent: true,
      shared: true,
      rollbackWindowMs: 5_000,
      removesRecords: true,
    })
    await cache.close()
    expect(client.status).toBe("wait")
  })
})
