import { createApiKey } from "@fabra/server"
import { describe, expect, test } from "vitest"
import { createClient, FabraApiError } from "../src/index.js"
import { type Features, startMiddleman, startServer } from "./support.js"

describe("ingest", () => {
  test("sends an event, and can wait for what it does", async () => {
    const { url } = await startServer()
    const fabra = createClient<Features>({ url: `${url}/` })
    const event = { entityId: "a/ü", payload: { amount: 5 }, timestamp: new Date("2026-01-01T00:00:00Z") }
    const first = await fabra.ingest("purchase", { ...event, eventId: "e1" })
    expect(first).toEqual({ eventId: "e1", duplicate: false })
    expect((await fabra.ingest("purchase", { ...event, eventId: "e1" })).duplicate).toBe(true)
    const second = await fabra.ingest("purchase", event, { wait: "applied", waitMs: 30_000 })
    expect(second).toMatchObject({ applied: true, deadLettered: [], features: { total: { value: 10 } } })
    expect(second.eventId).toMatch(/^evt_[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(second.features.total?.eventTime).toEqual(event.timestamp)
    const fall = await fabra.ingest("fall", { entityId: "bob" }, { wait: "applied", waitMs: 30_000 })
    expect(fall).toMatchObject({ applied: false, deadLettered: ["fragile"] })
  })

  test("whose answer is lost is repeated under the same id, and applied once", async () => {
    const { url, worker, store } = await startServer()
    const seen = new Set<string>()
    const middleman = await startMiddleman(url, (request, body) => {
      seen.add(JSON.parse(body).event_id)
      return request <= 2 ? "lose" : "pass"
    })
    const fabra = createClient({ url: middleman.url, retryBaseMs: 1 })
    const { eventId, duplicate } = await fabra.ingest("purchase", { entityId: "ann", payload: { amount: 5 } })
    expect(duplicate).toBe(true)
    expect([...seen]).toEqual([eventId])
    await worker.idle()
    expect(await store.getFeature("total", "ann")).toBe(5)
  })

  test("is tried again when the server is full or busy, as late as it asks", async () => {
    const { url } = await startServer()
    const middleman = await startMiddleman(url, (request) => {
      if (request === 1) return { status: 503, headers: { "retry-after": "0" }, body: '{"code":"bus_full"}' }
      return request === 2 ? { status: 502, body: "<html>" } : "pass"
    })
    const fabra = createClient({ url: middleman.url, retryBaseMs: 1 })
    await fabra.ingest("purchase", { entityId: "ann", payload: { amount: 5 } })
    expect(middleman.requests).toBe(3)
  })

  test("fails with what the server says, and is not tried again in vain", async () => {
    const { url } = await startServer()
    const middleman = await startMiddleman(url, () => "pass")
    const fabra = createClient({ url: middleman.url })
    const failure = await fabra
      .ingest("purchase", { entityId: "ann", eventId: "e1", payload: { amount: "5" } })
      .catch((error) => error)
    expect(failure).toBeInstanceOf(FabraApiError)
    expect(failure).toMatchObject({ code: "invalid_event", status: 422, path: "payload.amount", eventId: "e1" })
    expect(failure.issues).toHaveLength(1)
    expect(await fabra.ingest("purchas", { entityId: "ann" }).catch((error) => error)).toMatchObject({
      code: "unknown_event_type",
      allowed: ["purchase"],
    })
    expect(middleman.requests).toBe(2)
  })

  test("gives up after its retries, at the end of its time, or when told to", async () => {
    const away = createClient({ url: "http://127.0.0.1:1", maxRetries: 2, retryBaseMs: 1 })
    const event = { entityId: "ann", eventId: "e1" }
    await expect(away.ingest("fall", event)).rejects.toMatchObject({ code: "unreachable", eventId: "e1" })

    const hanging = (_url: unknown, { signal }: RequestInit = {}) =>
      new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
    const slow = createClient({ url: "http://x", timeoutMs: 5, maxRetries: 0, fetch: hanging as typeof fetch })
    await expect(slow.ingest("fall", event)).rejects.toMatchObject({ code: "timeout", eventId: "e1" })

    const stop = new AbortController()
    const patient = createClient({ url: "http://x", fetch: hanging as typeof fetch })
    const call = patient.ingest("fall", event, { signal: stop.signal })
    stop.abort()
    await expect(call).rejects.toMatchObject({ code: "aborted", eventId: "e1" })
  })
})

describe("ingestMany", () => {
  const purchase = (entityId: string, eventId: string, amount: unknown = 1) => ({
    ...{ eventType: "purchase" as const, entityId, eventId, payload: { amount } as never },
  })

  test("sends many, in order, with a result for each", async () => {
    const { url, worker, store } = await startServer()
    const middleman = await startMiddleman(url, () => "pass")
    const fabra = createClient<Features>({ url: middleman.url })
    const events = Array.from({ length: 2500 }, (_, i) => purchase(`u${i % 2}`, `e${i}`, i === 7 ? "x" : 1))
    const results = await fabra.ingestMany(events)
    expect(results).toHaveLength(2500)
    expect(results[8]).toEqual({ ok: true, eventId: "e8", duplicate: false })
    expect(results[7]).toMatchObject({ ok: false, eventId: "e7", error: { code: "invalid_event", eventId: "e7" } })
    expect(middleman.requests).toBe(3)
    await worker.idle()
    const evens = events.filter((_, i) => i % 2 === 0).map(({ eventId }) => eventId)
    expect(await store.getFeature("order", "u0")).toEqual(evens)
    expect(await fabra.ingestMany([])).toEqual([])
  })

  test("sends again what was not taken, under its id, and each is applied once", async () => {
    const { url, worker, store } = await startServer()
    const middleman = await startMiddleman(url, (request, body) => {
      if (request === 1) return "lose"
      if (request > 2) return "pass"
      // Takes the first event and is full then.
      const [first] = body.split("\n").map((line) => line && JSON.parse(line))
      const taken = { line: 1, status: 202, event_id: first.event_id, duplicate: true }
      const lines = [taken, { line: 2, status: 503, code: "bus_full", detail: "Full." }, { done: false }]
      return { status: 207, body: lines.map((line) => `${JSON.stringify(line)}\n`).join("") }
    })
    const fabra = createClient<Features>({ url: middleman.url, retryBaseMs: 1 })
    const results = await fabra.ingestMany(["a", "b", "c"].map((id) => purchase("ann", id)))
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true])
    await worker.idle()
    expect(await store.getFeature("order", "ann")).toEqual(["a", "b", "c"])
  })

  test("says why the server stopped before an event", async () => {
    const stopped = { done: false, code: "bus_full", detail: "Full.", stopped_after_line: 0 }
    const middleman = await startMiddleman("", () => ({ status: 207, body: `${JSON.stringify(stopped)}\n` }))
    const fabra = createClient({ url: middleman.url, maxRetries: 1, retryBaseMs: 1 })
    const [result] = await fabra.ingestMany([purchase("ann", "e1")])
    expect(result).toMatchObject({ ok: false, eventId: "e1", error: { code: "bus_full", eventId: "e1" } })
    expect(middleman.requests).toBe(2)
  })

  test("says of each event that it was not taken when the server stays away", async () => {
    const fabra = createClient({ url: "http://127.0.0.1:1", maxRetries: 1, retryBaseMs: 1 })
    const results = await fabra.ingestMany(Array.from({ length: 1500 }, (_, i) => purchase("ann", `e${i}`)))
    expect(results).toHaveLength(1500)
    for (const result of results) expect(result).toMatchObject({ ok: false, error: { code: "unreachable" } })
  })

  test("says so when it may not", async () => {
    const { url } = await startServer({ apiKeys: [createApiKey("a", ["read"]).apiKey] })
    const [result] = await createClient({ url }).ingestMany([purchase("ann", "e1")])
    expect(result).toMatchObject({ ok: false, eventId: "e1", error: { code: "unauthorized", status: 401 } })
  })
})

describe("getFeatures", () => {
  test("reads one row, or many", async () => {
    const { key, apiKey } = createApiKey("model", ["read"])
    const { url, store } = await startServer({ apiKeys: [apiKey] })
    await store.setFeature("total", "ann/.", 5)
    const fabra = createClient<Features>({ url, apiKey: key })
    const ann = await fabra.getFeatures(["total", "fragile"], { user_id: "ann/." })
    expect(ann).toEqual({
      total: { value: 5, status: "PRESENT", eventTime: null, computedAt: expect.any(Date) },
      fragile: { value: null, status: "MISSING", eventTime: null, computedAt: null },
    })
    const both = await fabra.getFeatures(["total"], [{ user_id: "ann/." }, { user_id: ".." }], { maxAgeMs: 3_600_000 })
    expect(both.map(({ total }) => [total.value, total.status])).toEqual([
      [5, "PRESENT"],
      [0, "DEFAULT"],
    ])
    await new Promise((resolve) => setTimeout(resolve, 5))
    const stale = await fabra.getFeatures(["total"], { user_id: "ann/." }, { maxAgeMs: 0 })
    expect(stale.total.status).toBe("STALE")
  })

  test("fails when the answer is none of Fabra's", async () => {
    const middleman = await startMiddleman("", () => ({ status: 200, body: "<html>" }))
    const fabra = createClient({ url: middleman.url })
    await expect(fabra.getFeatures(["total"], { user_id: "a" })).rejects.toMatchObject({ code: "invalid_answer" })
  })
})

test("search finds documents, and says which index there is", async () => {
  const { url, store } = await startServer()
  await store.index("documents", "a", "Foxes are quick.", { metadata: { year: 2020 } })
  await store.index("documents", "b", "Bears are slow.", { metadata: { year: 2021 } })
  const fabra = createClient<Features>({ url })
  const hit = {
    ...{ entityId: "a", chunk: 0, text: "Foxes are quick.", start: 0, end: 16, score: expect.any(Number) },
    ...{ metadata: { year: 2020 }, eventTime: null, indexedAt: expect.any(Date) },
  }
  const query = { text: "quick foxes", topK: 1, filter: { year: { $lt: 2021 } }, mode: "hybrid" } as const
  expect(await fabra.search("documents", query)).toEqual([hit])
  const [vector] = await store.embedder.embed(["quick foxes"])
  expect(await fabra.search("documents", { vector, topK: 1 } as { vector: Float32Array })).toEqual([hit])
  const other = createClient({ url }).search("document", { text: "foxes" })
  await expect(other).rejects.toMatchObject({ code: "unknown_index", status: 404, allowed: ["documents"] })
})

test.each([
  [{ url: "http://app:hush@127.0.0.1:1" }, "url"],
  [{ url: "http://127.0.0.1:1/?key=hush" }, "url"],
  [{ url: "hush" }, "url"],
  [{ url: "http://127.0.0.1:1", apiKey: "hush\nhush" }, "apiKey"],
])("a place or key that no request could carry is refused at once, and not repeated: %j", (options, path) => {
  expect(() => createClient(options)).toThrow(
    expect.objectContaining({ code: "invalid_argument", path, message: expect.not.stringMatching(/hush/) }),
  )
})
