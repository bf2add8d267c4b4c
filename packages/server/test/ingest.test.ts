import type { EventBus } from "@fabra/events"
import { describe, expect, test } from "vitest"
import { startAll, startServer } from "./support.js"

describe("one event", () => {
  test("is taken as the simplest call sends it, and changes what it triggers", async () => {
    const { post, values, worker } = await startAll()
    const answer = await post("/ingest/purchase", {
      entity_id: "user_123",
      payload: { amount: 99.99, product_id: "prod_456" },
    })
    expect(answer.status).toBe(202)
    expect(answer.body).toEqual({ event_id: expect.stringMatching(/^evt_/), duplicate: false })
    await worker.idle()
    expect(await values("user_123")).toMatchObject({ last_purchase_amount: 99.99, total_purchases: 1 })
  })

  test("carries its id, time and trace, and is taken once under its id", async () => {
    const { post, get, worker, bus } = await startAll()
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    const published: unknown[] = []
    const publish = bus.publish.bind(bus)
    bus.publish = ((events: never, options: never) => {
      published.push(...(events as never[]))
      return publish(events, options)
    }) as EventBus["publish"]
    const event = { entity_id: "ann", event_id: "e1", event_type: "login", timestamp: "2026-01-31T12:00:00+01:00" }
    expect((await post("/ingest/login", event, { traceparent })).body).toEqual({ event_id: "e1", duplicate: false })
    expect((await post("/ingest/login", event)).body).toEqual({ event_id: "e1", duplicate: true })
    await worker.idle()
    expect(published[0]).toMatchObject({ eventId: "e1", traceparent, payload: {} })
    const { last_login } = (await get("/features/User/ann?names=last_login")).body.features
    expect(last_login).toMatchObject({ value: "2026-01-31T11:00:00.000Z", event_time: "2026-01-31T11:00:00.000Z" })
  })

  test("takes its id from Idempotency-Key, quoted or not", async () => {
    const { post } = await startServer()
    const send = (key: string, body: object = {}) =>
      post("/ingest/login", { entity_id: "ann", ...body }, { "idempotency-key": key })
    expect((await send("order-1")).body).toEqual({ event_id: "order-1", duplicate: false })
    expect((await send('"order-1"')).body).toEqual({ event_id: "order-1", duplicate: true })
    expect((await send("order-1", { event_id: "order-1" })).body.duplicate).toBe(true)
    expect(await send("order-1", { event_id: "order-2" })).toMatchObject({ status: 400 })
  })

  test("of a type that nothing is triggered by is refused with the nearest names, unless configured", async () => {
    const { post } = await startServer()
    const { status, body } = await post("/ingest/purchas", { entity_id: "ann" })
    expect(status).toBe(404)
    expect(body).toMatchObject({ code: "unknown_event_type", allowed: ["purchase"] })
    const far = await post("/ingest/zzzzzzzzzz", { entity_id: "ann" })
    expect(far.body.allowed).toContain("purchase")

    const open = await startServer({ acceptUnknownEvents: true })
    expect((await open.post("/ingest/purchas", { entity_id: "ann" })).status).toBe(202)
    expect((await open.post("/ingest/purchas?wait=applied", { entity_id: "ann" })).body.applied).toBe(true)
  })

  test("whose payload is not what the schema says is refused with every issue", async () => {
    const { post } = await startServer()
    const { status, body } = await post("/ingest/purchase", { entity_id: "ann", payload: { product_id: 5 } })
    expect(status).toBe(422)
    expect(body).toMatchObject({ code: "invalid_event", path: "payload.amount" })
    expect(body.issues.map(({ path }: { path: string }) => path)).toEqual(["payload.amount", "payload.product_id"])
  })

  test("may hold prototype keys: they are plain data", async () => {
    const { call, get, worker } = await startAll()
    const payload = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"n":{"__proto__":3}}'
    const json = { "content-type": "application/json" }
    const answer = await call("POST", "/ingest/say", `{"entity_id":"__proto__","payload":${payload}}`, json)
    expect(answer.status).toBe(202)
    await worker.idle()
    const { text } = await get("/features/User/__proto__?names=said")
    expect(text).toContain(`"value":${payload}`)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test("is refused when bytes are no UTF-8, which would make two ids one", async () => {
    const { call } = await startServer()
    const body = Buffer.from('{"entity_id":"\xff"}', "latin1")
    const answer = await call("POST", "/ingest/login", body, { "content-type": "application/json" })
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_json" } })
  })
})

const ids = [
  "a/b",
  "/",
  "//",
  "a b",
  "ü€😀",
  "%2F%",
  "?a=1&b#c",
  "\\..\\",
  "...",
  "a\nb\u0000",
  ":entity",
  "*",
  "é".normalize("NFD"),
  "x".repeat(1024),
  "😀".repeat(256),
  "ÿ".repeat(512),
]
test.each(ids)("an id of any characters makes the round trip: %j", async (id) => {
  const { post, get } = await startAll()
  expect((await post("/ingest/say?wait=applied&timeout=20s", { entity_id: id, payload: { id } })).status).toBe(200)
  const answer = await get(`/features/User/${encodeURIComponent(id)}?names=said`)
  expect(answer.body).toMatchObject({ entity_id: id, features: { said: { value: { id } } } })
  expect((await get("/entities/User")).body.ids).toEqual([id])
  const rows = await post("/features", { features: ["said"], entity_rows: [{ user_id: id }] })
  expect(rows.body.rows).toMatchObject([{ entity_row: { user_id: id }, features: { said: { value: { id } } } }])
})
