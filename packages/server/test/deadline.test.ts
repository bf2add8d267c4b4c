import { MemoryFeatureCache } from "@fabra/core"
import { FabraError, MemoryEventBus } from "@fabra/events"
import { describe, expect, test } from "vitest"
import { startServer } from "./support.js"

/** Every route that needs the bus or the cache. */
const calls = [
  ["POST", "/ingest/login", { entity_id: "ann", event_id: "e1" }, "bus"],
  ["POST", "/ingest", [{ event_type: "login", entity_id: "ann" }], "bus"],
  ["GET", "/features/User/ann", undefined, "cache"],
  ["POST", "/features", { features: ["views"], entity_rows: [{ product_id: "p1" }] }, "cache"],
  ["GET", "/entities/User", undefined, "cache"],
  ["GET", "/dead-letters", undefined, "bus"],
  ["GET", "/dead-letters/1", undefined, "bus"],
  ["POST", "/dead-letters/replay", { ids: ["1"] }, "bus"],
  ["POST", "/dead-letters/discard", { ids: ["1"] }, "bus"],
  ["GET", "/lag", undefined, "bus"],
  ["GET", "/readyz", undefined, "bus"],
  ["GET", "/readyz", undefined, "cache"],
] as const

/** The same object, but every call of a method gives `answer`. */
function broken<Adapter extends object>(adapter: Adapter, answer: () => Promise<never>): Adapter {
  return new Proxy(adapter, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name === "deadLetters") return broken(value as object, answer)
      return typeof value === "function" ? answer : value
    },
  })
}

const hangs = () => new Promise<never>(() => {})
const refuses = () => Promise.reject(new FabraError("bus_unavailable", "Away."))

describe.each(calls)("%s %s", (method, path, body, needs) => {
  test.each([
    ["never answers", hangs],
    ["is away", refuses],
  ])(`is 503 when the ${needs} %s`, async (_how, answer) => {
    const { call } = await startServer({
      deadlineMs: 30,
      bus: needs === "bus" ? broken(new MemoryEventBus(), answer) : new MemoryEventBus(),
      cache: needs === "cache" ? broken(new MemoryFeatureCache(), answer) : new MemoryFeatureCache(),
    })
    const text = body === undefined ? undefined : JSON.stringify(body)
    const got = await call(method, path, text, text === undefined ? {} : { "content-type": "application/json" })
    if (path === "/ingest" && answer === hangs) {
      // Nobody can tell which were taken, so each is answered for with its id.
      expect(got).toMatchObject({ status: 207, body: { accepted: 0, refused: 1, results: [{ status: 503 }] } })
      return
    }
    expect(got.status).toBe(503)
    expect(got.headers.get("retry-after")).toBe("1")
    if (path === "/ingest/login") expect(got.body.event_id).toBe("e1")
  })
})

test("an event whose fate is unknown is said to be so", async () => {
  const { post } = await startServer({ deadlineMs: 30, bus: broken(new MemoryEventBus(), hangs) })
  const { body } = await post("/ingest/login", { entity_id: "ann" })
  expect(body).toMatchObject({ code: "publish_unknown", event_id: expect.stringMatching(/^evt_/) })
})

test("lives, but is not ready, while the bus is away", async () => {
  const { get } = await startServer({ deadlineMs: 30, bus: broken(new MemoryEventBus(), refuses) })
  expect((await get("/healthz")).status).toBe(200)
  expect((await get("/readyz")).body.code).toBe("bus_unavailable")
})

test("tells of every request, by its route", async () => {
  const ended: object[] = []
  const metrics = { contentType: "text/plain", text: async () => "", requestEnded: (one: object) => ended.push(one) }
  const { get, post, call } = await startServer({ metrics })
  await get("/features/User/ann")
  await post("/ingest/purchas", { entity_id: "ann" })
  await get("/nothing/of/this")
  await call("DELETE", "/lag")
  const durationMs = expect.any(Number)
  expect(ended).toEqual([
    { method: "GET", route: "/features/:entity/:id", status: 200, durationMs },
    { method: "POST", route: "/ingest/:event_type", status: 404, durationMs },
    { method: "GET", route: undefined, status: 404, durationMs },
    { method: "DELETE", route: "/lag", status: 405, durationMs },
  ])
})

test("serves metrics where there are some, in time", async () => {
  const none = await startServer()
  expect((await none.get("/metrics")).status).toBe(404)
  const metrics = { contentType: "text/plain; version=0.0.4; charset=utf-8", text: async () => 'up{a="b"} 1\n' }
  const some = await startServer({ metrics })
  const { status, text, headers } = await some.get("/metrics")
  expect([status, text, headers.get("content-type")]).toEqual([200, 'up{a="b"} 1\n', metrics.contentType])
  const slow = await startServer({ deadlineMs: 30, metrics: { ...metrics, text: hangs } })
  expect((await slow.get("/metrics")).status).toBe(500)
})
