import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { afterAll, beforeAll, expect, it } from "vitest"
import { RedisFeatureCache } from "../src/index.js"
import { applied, change, loadOne, user, value } from "./support.js"

let server: RedisTestServer
let cache: RedisFeatureCache

beforeAll(async () => {
  server = await startRedisServer()
  cache = new RedisFeatureCache({ url: server.url, namespace: server.namespace() })
})
afterAll(async () => {
  await cache.close()
  await server.stop()
})

it.each(["{a}b", "}{", "{}", "a/b", "a:b", "line\r\nbreak", "\u0000", "日本語 😀", "__proto__", "*", " "])(
  "keeps the record of %j",
  async (id) => {
    const values = new Map([
      ["__proto__", value("1")],
      ["constructor", value('"a|b\\n"')],
      ["a:b.c-d", value("")],
    ])
    await applied(cache, change(user(id), null, { values, state: id, addFlags: [id, "__proto__"] }))

    const record = await loadOne(cache, user(id))
    expect(record.values).toEqual(values)
    expect(record.flags).toEqual(new Set([id, "__proto__"]))
    expect(record.state).toBe(id)
    expect(await cache.read([user(id)], ["constructor", "toString", "__proto__"])).toEqual([
      [value('"a|b\\n"'), undefined, value("1")],
    ])
    expect((await cache.entities("User")).ids).toContain(id)
  },
)

it("tells groups apart whose names begin alike", async () => {
  await applied(cache, change(user("u"), null, { group: "g", addFlags: ["a", ":x/b"] }))
  await applied(cache, change(user("u"), null, { group: "g:x", addFlags: ["b"] }))
  expect((await loadOne(cache, user("u"), "g")).flags).toEqual(new Set(["a", ":x/b"]))
  expect((await loadOne(cache, user("u"), "g:x")).flags).toEqual(new Set(["b"]))
})
