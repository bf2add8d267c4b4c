import { connect } from "node:net"
import { MemoryFeatureCache } from "@fabra/core"
import { silent } from "@fabra/test-support"
import { describe, expect, test } from "vitest"
import { createApiKey } from "../src/index.js"
import { linesOf, startAll, startServer } from "./support.js"

/** Sends what no HTTP client would, and returns all that is answered. */
function send(url: string, text: string, { half = false } = {}): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" })
  socket.write(text)
  if (half) setTimeout(() => socket.destroySoon(), 100)
  return new Promise((resolve) => {
    let answer = ""
    socket.on("data", (data) => {
      answer += data
    })
    socket.on("close", () => resolve(answer))
    socket.on("error", () => resolve(answer))
  })
}

describe("a client's own mistake is a 4xx, and no line of the log", () => {
  const errors: object[] = []
  const logger = { ...silent, error: (fields: object) => errors.push(fields) }

  test.each([
    [
      "a method that HTTP has and Fabra has not",
      "QUERY /catalog HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    ],
    [
      "a path that climbs",
      "GET /docs/static/..%5c..%5cpackage.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    ],
    [
      "a path that climbs, in full",
      "GET /docs/static/%2e%2e%2f%2e%2e HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    ],
  ])("%s", async (_name, text) => {
    const { url } = await startServer({ logger })
    expect(await send(url, text)).toMatch(/^HTTP\/1.1 4\d\d /)
    expect(errors).toEqual([])
  })

  test("a body that breaks off", async () => {
    const { url } = await startServer({ logger })
    for (const type of ["application/json", "application/x-ndjson"]) {
      const head = `POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 100\r\n\r\n`
      await send(url, `${head}{"event_type":`, { half: true })
    }
    expect(errors).toEqual([])
  })

  test("an id asked for in a query is not logged when the server fails", async () => {
    const { get, cache } = await startServer({ logger })
    cache.read = () => Promise.reject(new Error("A fault."))
    await get("/features/User/ann?names=visits")
    expect(errors).toEqual([expect.objectContaining({ url: "/features/User/ann" })])
  })
})

test("unknown paths and methods are counted as well", async () => {
  const { apiKey } = createApiKey("reader", ["read"])
  for (const [method, path] of [
    ["GET", "/nope"],
    ["PUT", "/lag"],
    ["POST", "/nope"],
  ] as const) {
    const { call } = await startServer({ apiKeys: [apiKey], maxRequestsPerMinute: 3 })
    const statuses = []
    for (let i = 0; i < 5; i++) statuses.push((await call(method, path)).status)
    expect(statuses.slice(3)).toEqual([429, 429])
    expect(statuses.slice(0, 3)).not.toContain(429)
  }
})

describe("NDJSON", () => {
  test("ends when nearly all lines are refused, and says after which", async () => {
    const { call } = await startServer()
    const answer = await call("POST", "/ingest", "0\n".repeat(50_000), { "content-type": "application/x-ndjson" })
    const lines = linesOf(answer)
    expect(lines).toHaveLength(1001)
    expect(lines.at(-1)).toMatchObject({ done: false, refused: 1000, code: "invalid_event", stopped_after_line: 1000 })
  })

  test("goes on while at least half of the lines are events", async () => {
    const { call } = await startServer()
    const good = JSON.stringify({ event_type: "gift", entity_id: "ann" })
    const answer = await call("POST", "/ingest", `0\n${good}\n`.repeat(3000), {
      "content-type": "application/x-ndjson",
    })
    expect(linesOf(answer).at(-1)).toEqual({ done: true, accepted: 3000, duplicates: 0, refused: 3000 })
  })

  test("of refused lines leaves other requests their turn", async () => {
    const { call, get } = await startServer()
    const ended: string[] = []
    const lines = `${'{"event_type":"gift","entity_id":"ann"}\n'.repeat(500)}${"0\n".repeat(500)}`.repeat(20)
    const upload = call("POST", "/ingest", lines, { "content-type": "application/x-ndjson" })
    const all = [upload.then(() => ended.push("upload")), get("/healthz").then(() => ended.push("health"))]
    await Promise.all(all)
    expect(ended).toEqual(["health", "upload"])
  })
})

describe("a body in very small chunks", () => {
  const chunked = (type: string, chunks: string) =>
    `POST /ingest HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
  const json = `[${" ".repeat(100_000)}]`
  const line = `${JSON.stringify({ event_type: "gift", entity_id: "ann" })}\n`
  const END = "0\r\n\r\n"

  test("ends with the reason, as JSON and as lines", async () => {
    const { url } = await startServer()
    const bytes = [...json].map(chunk).join("") + END
    expect(await send(url, chunked("application/json", bytes))).toMatch(/^HTTP\/1.1 400 .*chunks of less than/s)
    expect(await send(url, chunked("application/x-ndjson", bytes))).toMatch(/"done":false.*chunks of less than/s)
  })

  test("is no matter where each chunk is an event, or the body is short", async () => {
    const { url } = await startServer()
    const events = chunk(line).repeat(2_000) + END
    expect(await send(url, chunked("application/x-ndjson", events))).toMatch(/"done":true,"accepted":2000/)
    const short = [...line].map(chunk).join("") + END
    expect(await send(url, chunked("application/x-ndjson", short))).toMatch(/"done":true,"accepted":1/)
  })
})

describe("POST /features", () => {
  test("a large answer is whole, and does not wait for who does not read it", async () => {
    const { post, store } = await startServer()
    await store.setFeature("said", "ann", "x".repeat(20_000))
    const entity_rows = Array.from({ length: 1000 }, () => ({ user_id: "ann" }))
    const { status, body } = await post("/features", { features: ["said"], entity_rows })
    expect(status).toBe(200)
    expect(body.rows).toHaveLength(1000)
    expect(body.rows.at(-1).features.said.value).toHaveLength(20_000)
  })

  test("reads an id once, however often it is asked for", async () => {
    const { post, cache } = await startServer()
    const asked: number[] = []
    const read = cache.read.bind(cache)
    cache.read = (keys, names) => {
      asked.push(keys.length)
      return read(keys, names)
    }
    const rows = Array.from({ length: 1000 }, () => ({ user_id: "ann" }))
    const { body } = await post("/features", { features: ["visits"], entity_rows: rows })
    expect(body.rows).toHaveLength(1000)
    expect(asked).toEqual([1])
  })

  test("answers at most 32 MiB, and reads no more than that", async () => {
    const { post, store, cache } = await startServer()
    await store.setFeature("said", "ann", "x".repeat(200_000))
    const read = cache.read.bind(cache)
    let ids = 0
    cache.read = (keys, names) => {
      ids += keys.length
      return read(
        keys.map((key) => ({ ...key, entityId: "ann" })),
        names,
      )
    }
    const same = Array.from({ length: 1000 }, () => ({ user_id: "ann" }))
    const different = Array.from({ length: 1000 }, (_, i) => ({ user_id: `u${i}` }))
    for (const entity_rows of [same, different]) {
      const { status, body } = await post("/features", { features: ["said"], entity_rows })
      expect({ status, code: body.code }).toEqual({ status: 413, code: "payload_too_large" })
    }
    expect(ids).toBeLessThan(300)
  })
})

test("of a large wrong body the first fault is told, of a small one every fault", async () => {
  const { post } = await startServer()
  const wrong = (count: number) => post("/features", { features: Array(count).fill(1), entity_rows: [] })
  expect((await wrong(90)).body.issues).toHaveLength(90)
  const { status, body } = await wrong(100_000)
  expect({ status, path: body.path, issues: body.issues.length }).toEqual({ status: 400, path: "features", issues: 1 })
})

describe("query parameters that a route does not know are refused", () => {
  test.each(["/catalog", "/lag", "/healthz", "/readyz", "/dead-letters/1", "/openapi.json"])("GET %s", async (path) => {
    const { get } = await startServer()
    expect((await get(`${path}?dry_run=true`)).body).toMatchObject({ code: "invalid_request", path: "query.dry_run" })
  })

  test("and nothing is published", async () => {
    const { post, bus } = await startServer()
    const events = [{ event_type: "gift", entity_id: "ann", event_id: "e1" }]
    expect((await post("/ingest?dry_run=true", events)).body).toMatchObject({ status: 400, path: "query.dry_run" })
    expect((await post("/ingest", events)).body).toMatchObject({ accepted: 1, duplicates: 0 })
    expect((await bus.deadLetters.stats()).count).toBe(0)
  })
})

describe("wait=applied", () => {
  test("of many never asks the cache twice at a time: one look is for all who are due", async () => {
    const cache = new MemoryFeatureCache()
    const load = cache.load.bind(cache)
    let [underWay, most, largest] = [0, 0, 0]
    cache.load = async (keys, group) => {
      most = Math.max(most, ++underWay)
      largest = Math.max(largest, keys.length)
      await new Promise((resolve) => setTimeout(resolve, 20))
      underWay--
      return load(keys, group)
    }
    const { post } = await startServer({ cache })
    const wait = (i: number) => post("/ingest/gift?wait=applied&timeout=1s", { entity_id: `u${i}` })
    await Promise.all(Array.from({ length: 40 }, (_, i) => wait(i)))
    expect(most).toBe(1)
    expect(largest).toBeGreaterThan(1)
  })

  test("of more than a thousand at once is refused before anything is published", async () => {
    const { post, bus, worker } = await startAll()
    await worker.stop()
    const publish = bus.publish.bind(bus)
    let published = 0
    bus.publish = ((events: never) => {
      published++
      return publish(events)
    }) as never
    const wait = (i: number) => post("/ingest/gift?wait=applied&timeout=5s", { entity_id: `u${i}` })
    const answers = await Promise.all(Array.from({ length: 1010 }, (_, i) => wait(i)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(published + refused.length).toBe(1010)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.body.code).toBe("rate_limited")
  })
})
