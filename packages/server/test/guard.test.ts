import { connect } from "node:net"
import { FabraError, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { describe, expect, test } from "vitest"
import { createApiKey, createServer, hashApiKey, type ServerOptions } from "../src/index.js"
import { client, startServer, testStore } from "./support.js"

const ingest = createApiKey("shop", ["ingest"])
const reader = createApiKey("model", ["read"])
const admin = createApiKey("ops", ["admin"])
const apiKeys = [ingest.apiKey, reader.apiKey, admin.apiKey]
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

describe("API keys", () => {
  test("are asked for by every route but the public ones", async () => {
    const metrics = { contentType: "text/plain", text: async () => "" }
    const { call, get } = await startServer({ apiKeys, metrics, feed: { subscribe: async () => {} } })
    const { paths } = (await get("/openapi.json")).body
    const statuses: Record<string, number> = {}
    for (const [path, methods] of Object.entries<object>(paths)) {
      for (const method of Object.keys(methods)) {
        const { status, body, headers } = await call(method.toUpperCase(), path.replaceAll(/[{}]/g, ""))
        statuses[`${method} ${path}`] = status
        if (status !== 401) continue
        expect(body.code).toBe("unauthorized")
        expect(headers.get("www-authenticate")).toBe("Bearer")
      }
    }
    const open = Object.keys(statuses).filter((route) => statuses[route] !== 401)
    expect(open).toEqual(["get /healthz", "get /readyz"])
    expect(Object.keys(statuses).length).toBeGreaterThan(12)
    for (const path of ["/docs", "/openapi.json"]) expect((await get(path)).status).toBe(200)
  })

  test("may do what their scopes say; admin may do everything", async () => {
    const { post, get } = await startServer({ apiKeys })
    const event = { entity_id: "ann" }
    const status = async (key: string) => [
      (await post("/ingest/login", event, bearer(key))).status,
      (await get("/features/User/ann", bearer(key))).status,
      (await post("/search/reviews", { text: "hats" }, bearer(key))).status,
      (await get("/dead-letters", bearer(key))).status,
    ]
    expect(await status(ingest.key)).toEqual([202, 403, 403, 403])
    expect(await status(reader.key)).toEqual([403, 200, 200, 403])
    expect(await status(admin.key)).toEqual([202, 200, 200, 200])
    expect(await status(`${admin.key}x`)).toEqual([401, 401, 401, 401])
    const refused = await get("/dead-letters", bearer(reader.key))
    expect(refused.body).toMatchObject({ code: "forbidden", allowed: ["admin"] })
  })

  test("that may not read learn no values from ingest", async () => {
    const { post } = await startServer({ apiKeys })
    for (const query of ["wait=applied", "dry_run=true"]) {
      expect((await post(`/ingest/login?${query}`, { entity_id: "ann" }, bearer(ingest.key))).status).toBe(403)
    }
  })

  test("are taken from x-api-key too, and several at once are valid", async () => {
    const next = createApiKey("shop-2", ["ingest"])
    const { post } = await startServer({ apiKeys: [...apiKeys, next.apiKey] })
    for (const { key } of [ingest, next]) {
      expect((await post("/ingest/login", { entity_id: "ann" }, { "x-api-key": key })).status).toBe(202)
    }
  })

  test("are kept as hashes that say nothing of them", () => {
    expect(ingest.apiKey.hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(JSON.stringify(ingest.apiKey)).not.toContain(ingest.key)
    expect(hashApiKey(ingest.key)).toBe(ingest.apiKey.hash)
    expect(() => hashApiKey("secret")).toThrow(/at least 32 characters/)
  })

  test("are asked for by routes of one's own, which are for admin unless they say otherwise", async () => {
    const server = createServer(testStore(), { bus: new MemoryEventBus(), apiKeys, port: 0 })
    server.fastify.get("/own", async () => ({}))
    server.fastify.get("/for-all", { config: { scope: "public" } }, async () => ({}))
    const { get } = client((await server.listen()).url)
    expect((await get("/own")).status).toBe(401)
    expect((await get("/own", bearer(reader.key))).status).toBe(403)
    expect((await get("/own", bearer(admin.key))).status).toBe(200)
    expect((await get("/for-all")).status).toBe(200)
    await server.close()
  })

  test("are judged before a body is read", async () => {
    const { call } = await startServer({ apiKeys })
    expect((await call("POST", "/ingest/login", "{", { "content-type": "application/json" })).status).toBe(401)
  })
})

test.each<[string, Partial<ServerOptions>, string]>([
  ["an address that others reach, without keys", { host: "0.0.0.0" }, "host"],
  ["another one", { host: "::" }, "host"],
  ["a port that is none", { port: 70_000 }, "port"],
  ["a key instead of its hash", { apiKeys: [{ ...ingest.apiKey, hash: ingest.key }] }, "apiKeys[0].hash"],
  ["an unknown scope", { apiKeys: [{ ...ingest.apiKey, scopes: ["write" as "read"] }] }, "apiKeys[0].scopes"],
  ["no scope", { apiKeys: [{ ...ingest.apiKey, scopes: [] }] }, "apiKeys[0].scopes"],
  ["an origin with a path", { corsOrigins: ["https://a.example/app"] }, "corsOrigins[0]"],
  ["no time at all", { deadlineMs: 0 }, "deadlineMs"],
  ["a body of nothing", { maxBodyBytes: 0 }, "maxBodyBytes"],
  ["nobody who may watch", { maxWatchers: 0 }, "maxWatchers"],
])("refuses to be made with %s", (_what, options, path) => {
  const make = () => createServer(testStore(), { bus: new MemoryEventBus(), ...options })
  expect(make).toThrow(expect.objectContaining({ code: "invalid_setting", path }))
})

test("says that its port is taken", async () => {
  const { url } = await startServer()
  const second = createServer(testStore(), { bus: new MemoryEventBus(), port: Number(new URL(url).port) })
  await expect(second.listen()).rejects.toThrow(/something else listens there/)
  await second.close()
})

test("without keys answers on loopback names only, so that no web page can reach it by another", async () => {
  const { url } = await startServer()
  const port = Number(new URL(url).port)
  const ask = (host: string) => raw(port, `GET /healthz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
    expect(await ask(host)).toMatch(/ 200 /)
  for (const host of ["evil.example", "localhost.evil.example", "10.0.0.1"]) {
    expect(await ask(host)).toMatch(/^HTTP\/1.1 421 [\s\S]*misdirected_request/)
  }
})

test("limits the requests of a key, not of the others", async () => {
  const { get } = await startServer({ apiKeys, maxRequestsPerMinute: 3 })
  const status = async (key: string) => (await get("/features/User/ann", bearer(key))).status
  expect([await status(reader.key), await status(reader.key), await status(reader.key)]).toEqual([200, 200, 200])
  const refused = await get("/features/User/ann", bearer(reader.key))
  expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited" } })
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
  expect(await status(admin.key)).toBe(200)
  expect([await status("a"), await status("b"), await status("c"), await status("d")]).toEqual([401, 401, 401, 429])
  for (let i = 0; i < 5; i++) expect((await get("/healthz")).status).toBe(200)
})

test.each([[[]], [["https://app.example"]]])(
  "answers OPTIONS of a known path with what is allowed (%j)",
  async (corsOrigins) => {
    const { call } = await startServer({ corsOrigins, apiKeys })
    const known = await call("OPTIONS", "/features/User/ann")
    expect([known.status, known.text, known.headers.get("allow")]).toEqual([204, "", "GET, HEAD, OPTIONS"])
  },
)

test("lets web pages of other origins in only where told to", async () => {
  const preflight = { origin: "https://app.example", "access-control-request-method": "POST" }
  const closed = await startServer()
  expect((await closed.get("/healthz", preflight)).headers.get("access-control-allow-origin")).toBeNull()
  const refused = await closed.call("OPTIONS", "/ingest/login", undefined, preflight)
  expect(refused.headers.get("access-control-allow-origin")).toBeNull()

  const open = await startServer({ corsOrigins: ["https://app.example"], apiKeys })
  const allowed = await open.call("OPTIONS", "/ingest/login", undefined, preflight)
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example")
  const other = await open.call("OPTIONS", "/ingest/login", undefined, { ...preflight, origin: "https://evil.example" })
  expect(other.headers.get("access-control-allow-origin")).toBeNull()
})

test("tells nothing of the inside", async () => {
  const { get, cache, server } = await startServer()
  cache.read = () => Promise.reject(new Error("secret at redis://user:password@10.0.0.1"))
  const inside = await get("/features/User/ann")
  expect(inside).toMatchObject({ status: 500, body: { code: "internal" } })
  cache.read = () => Promise.reject(new FabraError("cache_unavailable", "connect ECONNREFUSED 10.0.0.1"))
  const away = await get("/features/User/ann")
  expect(away).toMatchObject({ status: 503, body: { code: "cache_unavailable" } })
  for (const { text } of [inside, away]) expect(text).not.toMatch(/10\.0\.0\.1|\.ts|stack/)
  expect(away.headers.get("retry-after")).toBe("1")
  expect(inside.headers.get("x-content-type-options")).toBe("nosniff")
  await server.close()
})

test("logs each kind of fault once in a while, with how often it came again", async () => {
  const lines: object[] = []
  const { get, cache } = await startServer({ logger: { ...silent, error: (fields) => lines.push(fields) } })
  const codes = () => lines.map((line) => (line as { code: string }).code)
  cache.read = () => Promise.reject(new FabraError("cache_unavailable", "Away."))
  for (let i = 0; i < 5; i++) await get("/features/User/ann")
  expect(codes()).toEqual(["cache_unavailable"])
  cache.read = () => Promise.reject(new Error("A fault."))
  for (let i = 0; i < 2; i++) await get("/features/User/ann?names=visits")
  cache.read = () => Promise.reject(new Error("Another."))
  await get("/features/User/ann")
  expect(codes()).toEqual(["cache_unavailable", "internal", "internal"])
  expect(lines[1]).toMatchObject({ method: "GET", url: "/features/User/ann", error: new Error("A fault.") })
  expect(lines[2]).toMatchObject({ error: new Error("Another.") })
})

describe("limits", () => {
  test("of headers", async () => {
    const { url } = await startServer()
    const request = `GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`
    const answer = await raw(Number(new URL(url).port), request)
    expect(answer).toMatch(/^HTTP\/1.1 431 [\s\S]*application\/problem\+json[\s\S]*"headers_too_large"/)
  })

  test("of what is no HTTP", async () => {
    const { url } = await startServer()
    const answer = await raw(Number(new URL(url).port), "nonsense\r\n\r\n")
    expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*"invalid_request"/)
  })

  test("of bodies: told by their length, or found out while reading", async () => {
    const { call, url } = await startServer({ maxBodyBytes: 2000 })
    const body = JSON.stringify({ entity_id: "ann", payload: { text: "x".repeat(3000) } })
    const json = { "content-type": "application/json" }
    const answer = await call("POST", "/ingest/say", body, json)
    expect(answer).toMatchObject({ status: 413, body: { code: "payload_too_large" } })
    const stream = new Blob([body]).stream()
    const chunked = await fetch(`${url}/ingest/say`, {
      method: "POST",
      headers: json,
      body: stream,
      duplex: "half",
    } as RequestInit)
    expect(chunked.status).toBe(413)
  })

  test("of events, which the bus sets", async () => {
    const { post } = await startServer({ bus: new MemoryEventBus({ maxEventBytes: 1000 }) })
    const answer = await post("/ingest/say", { entity_id: "ann", event_id: "e1", payload: { text: "x".repeat(2000) } })
    expect(answer).toMatchObject({ status: 413, body: { code: "event_too_large", event_id: "e1" } })
  })
})

/** Sends bytes and gives back what comes until the end. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text))
    let answer = ""
    socket.on("data", (data) => {
      answer += data
    })
    socket.on("error", reject)
    socket.on("close", () => resolve(answer))
  })
}

test("answers what comes on an open connection while it is being closed", async () => {
  const { url, server } = await startServer()
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  const host = "host: localhost\r\n"
  socket.write(
    `POST /ingest/login HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: 19\r\n\r\n{"entity_id":`,
  )
  await new Promise((resolve) => server.fastify.server.once("request", resolve))
  const closed = server.close()
  socket.write(`"ann"}GET /healthz HTTP/1.1\r\n${host}\r\n`)
  let answers = ""
  for await (const data of socket) answers += data
  expect(answers).toMatch(
    /^HTTP\/1.1 202 [\s\S]*HTTP\/1.1 503 [\s\S]*application\/problem\+json[\s\S]*"code":"closing"/,
  )
  await closed
})

test("closes once, also before it listens", async () => {
  const server = createServer(testStore(), { bus: new MemoryEventBus(), logger: silent })
  await Promise.all([server.close(), server.close()])
})
