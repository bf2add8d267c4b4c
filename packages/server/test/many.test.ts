import { request } from "node:http"
import { connect } from "node:net"
import { BusFullError, MemoryEventBus, type PublishResult } from "@fabra/events"
import { describe, expect, test } from "vitest"
import { linesOf, startAll, startServer } from "./support.js"

const visit = (entity_id: string, event_id: string) => ({ event_type: "visit", entity_id, event_id })

/** A bus that is full from the nth event on. */
function fullAfter(count: number): MemoryEventBus {
  const bus = new MemoryEventBus()
  const publish = bus.publish.bind(bus)
  let taken = 0
  bus.publish = (async (events: readonly { eventId: string }[]) => {
    const results = (await publish(events as never)) as unknown as PublishResult[]
    return results.map((result) =>
      ++taken > count ? { ok: false, eventId: result.eventId, error: new BusFullError("Full.") } : result,
    )
  }) as never
  return bus
}

describe("an array", () => {
  test("of events is taken, and all are applied in order", async () => {
    const { post, worker, values } = await startAll()
    const events = Array.from({ length: 1200 }, (_, i) => visit(`u${i % 7}`, `e${i}`))
    const { status, body } = await post("/ingest", events)
    expect(status).toBe(202)
    expect(body).toMatchObject({ accepted: 1200, duplicates: 0, refused: 0 })
    expect(body.results[5]).toEqual({ status: 202, event_id: "e5", duplicate: false })
    expect((await post("/ingest", events.slice(0, 10))).body).toMatchObject({ accepted: 0, duplicates: 10 })
    await worker.idle()
    expect(await values("u0")).toMatchObject({ visits: Math.ceil(1200 / 7) })
  })

  test("has a result for each: one wrong event refuses no other", async () => {
    const { post } = await startServer()
    const { status, body } = await post("/ingest", [
      visit("ann", "e1"),
      { event_type: "visit" },
      { event_type: "visitt", entity_id: "ann" },
      { event_type: "purchase", entity_id: "ann", payload: { amount: "1" } },
      7,
      visit("ann", "e1"),
    ])
    expect(status).toBe(207)
    expect(body).toMatchObject({ accepted: 1, duplicates: 1, refused: 4 })
    expect(body.results.map(({ status, code }: any) => code ?? status)).toEqual([
      202,
      "invalid_event",
      "unknown_event_type",
      "invalid_event",
      "invalid_event",
      202,
    ])
  })

  test("is not gone on with when the bus is full", async () => {
    const { post } = await startServer({ bus: fullAfter(400) })
    const { status, body } = await post(
      "/ingest",
      Array.from({ length: 1200 }, (_, i) => visit("ann", `e${i}`)),
    )
    expect(status).toBe(207)
    expect(body).toMatchObject({ accepted: 400, refused: 800 })
    expect(body.results[400]).toMatchObject({ status: 503, code: "bus_full", event_id: "e400" })
    expect(body.results[1199]).toMatchObject({
      status: 503,
      code: "bus_full",
      detail: expect.stringMatching(/^Not tried/),
    })
  })

  test("may be empty, and is bounded", async () => {
    const { post } = await startServer()
    expect((await post("/ingest", [])).body).toEqual({ accepted: 0, duplicates: 0, refused: 0, results: [] })
    expect((await post("/ingest", new Array(10_001).fill(0))).status).toBe(413)
    expect((await post("/ingest", {})).body.code).toBe("invalid_event")
  })
})

describe("NDJSON", () => {
  test("has a line of result for each line, and one that counts them", async () => {
    const { call } = await startServer()
    const body = [
      JSON.stringify(visit("ann", "e1")),
      "",
      "{",
      `${JSON.stringify({ event_type: "say", entity_id: "ü€" })}\r`,
      JSON.stringify({ ...visit("ann", "e1"), payload: { text: "x".repeat(5000) } }),
      JSON.stringify(visit("ann", "e2")), // without a line feed
    ].join("\n")
    const small = await startServer({ maxBodyBytes: 2000 })
    const answer = await small.call("POST", "/ingest", body, { "content-type": "application/x-ndjson; charset=utf-8" })
    expect(answer.status).toBe(207)
    expect(linesOf(answer)).toEqual([
      { line: 1, status: 202, event_id: "e1", duplicate: false },
      expect.objectContaining({ line: 3, status: 400, code: "invalid_json" }),
      expect.objectContaining({ line: 4, status: 202 }),
      expect.objectContaining({ line: 5, status: 413, code: "payload_too_large" }),
      { line: 6, status: 202, event_id: "e2", duplicate: false },
      { done: true, accepted: 3, duplicates: 0, refused: 2 },
    ])
    for (const type of ["application/ndjson", "application/jsonl"]) {
      expect((await call("POST", "/ingest", "", { "content-type": type })).text).toContain('"done":true')
    }
  })

  test("is answered while it is still being sent", async () => {
    const { url } = await startServer()
    const upload = request(`${url}/ingest`, { method: "POST", headers: { "content-type": "application/x-ndjson" } })
    upload.write(`${JSON.stringify(visit("ann", "e1"))}\n{"event_type":`)
    const response = await new Promise<import("node:http").IncomingMessage>((resolve) => upload.on("response", resolve))
    const chunks = response[Symbol.asyncIterator]()
    expect(String((await chunks.next()).value)).toContain('"event_id":"e1"')
    upload.end('"visit","entity_id":"ann","event_id":"e2"}\n')
    let rest = ""
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) rest += next.value
    expect(rest).toContain('"event_id":"e2"')
    expect(rest).toContain('"done":true')
  })

  test("of any length is taken, and all of it applied", async () => {
    const { call, worker, values } = await startAll()
    const line = (i: number) => `${JSON.stringify({ event_type: "gift", entity_id: `u${i % 3}`, event_id: `e${i}` })}\n`
    const body = Array.from({ length: 30_000 }, (_, i) => line(i)).join("") // twice what a JSON body may be
    const answer = await call("POST", "/ingest", body, { "content-type": "application/x-ndjson" })
    expect(linesOf(answer).at(-1)).toEqual({ done: true, accepted: 30_000, duplicates: 0, refused: 0 })
    await worker.idle()
    expect(await values("u0")).toMatchObject({ total_purchases: 10_000 })
  })

  test("is taken from a client that sends all before it reads anything", async () => {
    const { url } = await startServer()
    // Events and results are each more than sockets hold.
    const line = { event_type: "gift", entity_id: "ann", payload: { text: "x".repeat(200) } }
    const body = `${JSON.stringify(line)}\n`.repeat(120_000)
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" })
    socket.write(`POST /ingest HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n`)
    socket.write(`content-type: application/x-ndjson\r\ncontent-length: ${body.length}\r\n\r\n`)
    await new Promise((resolve) => socket.write(body, resolve))
    let tail = ""
    for await (const data of socket) tail = (tail + data).slice(-200)
    expect(tail).toContain('"done":true,"accepted":120000')
  })

  test("stops when the bus is full, and says where", async () => {
    const { ndjson } = await startServer({ bus: fullAfter(2) })
    const lines = linesOf(await ndjson(Array.from({ length: 5 }, (_, i) => visit("ann", `e${i}`))))
    expect(lines.map(({ status, done }) => status ?? done)).toEqual([202, 202, 503, 503, 503, false])
    expect(lines.at(-1)).toMatchObject({ accepted: 2, refused: 3, code: "bus_full", stopped_after_line: 5 })
  })

  test("stops between two lines when the server is closed", async () => {
    const { url, server } = await startServer()
    const upload = request(`${url}/ingest`, { method: "POST", headers: { "content-type": "application/x-ndjson" } })
    upload.on("error", () => {})
    upload.write(`${JSON.stringify(visit("ann", "e1"))}\n`)
    const response = await new Promise<import("node:http").IncomingMessage>((resolve) => upload.on("response", resolve))
    const closed = server.close()
    upload.end(`${JSON.stringify(visit("ann", "e2"))}\n${JSON.stringify(visit("ann", "e3"))}\n`)
    let text = ""
    for await (const chunk of response) text += chunk
    expect(JSON.parse(text.trim().split("\n").at(-1) as string)).toMatchObject({ done: false, code: "closing" })
    await closed
  })
})

describe("CloudEvents", () => {
  const event = { specversion: "1.0", id: "1", source: "/shop", type: "purchase", subject: "ann" }
  const structured = { "content-type": "application/cloudevents+json; charset=utf-8" }
  const batched = { "content-type": "application/cloudevents-batch+json" }

  test("are taken in structured mode", async () => {
    const { call, worker, get } = await startAll()
    const body = { ...event, time: "2026-01-01T00:00:00Z", datacontenttype: "application/json", data: { amount: 5 } }
    const send = (more: object = {}) => call("POST", "/ingest", JSON.stringify({ ...body, ...more }), structured)
    expect(await send({ tenant: "extension", dataschema: null })).toMatchObject({
      status: 202,
      body: { event_id: "/shop 1", duplicate: false },
    })
    expect((await send()).body.duplicate).toBe(true)
    expect((await send({ source: "/other" })).body.duplicate).toBe(false)
    await worker.idle()
    const { features } = (await get("/features/User/ann")).body
    expect(features.last_purchase_amount).toMatchObject({ value: 5, event_time: "2026-01-01T00:00:00.000Z" })
    expect(features.total_purchases.value).toBe(2)
  })

  test("are taken in binary mode", async () => {
    const { post, worker, values } = await startAll()
    const attributes = Object.fromEntries(Object.entries(event).map(([name, value]) => [`ce-${name}`, value]))
    const headers = { ...attributes, "ce-subject": "%C3%BC%2F1", "ce-time": "2026-01-01T00:00:00Z" }
    const answer = await post("/ingest", { amount: 7 }, headers)
    expect(answer).toMatchObject({ status: 202, body: { event_id: "/shop 1", duplicate: false } })
    await worker.idle()
    expect(await values("ü/1")).toMatchObject({ last_purchase_amount: 7 })
    expect((await post("/ingest", {}, { ...headers, "ce-subject": "%" })).body.path).toBe('headers["ce-subject"]')
  })

  test("are taken in batches, each judged alone", async () => {
    const { call } = await startServer()
    const batch = [{ ...event, data: { amount: 1 } }, { ...event, id: "2" }, { ...event, specversion: "0.3" }, null]
    const { status, body } = await call("POST", "/ingest", JSON.stringify(batch), batched)
    expect(status).toBe(207)
    expect(body.results.map(({ path, event_id }: any) => path ?? event_id)).toEqual([
      "/shop 1",
      "payload.amount",
      "specversion",
      undefined,
    ])
    expect((await call("POST", "/ingest", JSON.stringify(batch.slice(0, 1)), batched)).status).toBe(202)
  })
})
