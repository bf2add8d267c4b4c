import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type AppliedFeed, createApiKey, type AppliedNotices as ServerNotices } from "@fabra/server"
import { describe, expect, onTestFinished, test } from "vitest"
import { type AppliedNotices, createClient } from "../src/index.js"
import { startMiddleman, startServer } from "./support.js"

const WAIT = { wait: "applied", waitMs: 30_000 } as const

describe("dead letters", () => {
  test("are listed, shown, replayed and discarded", async () => {
    const { url, bus } = await startServer()
    const fabra = createClient({ url })
    for (const entityId of ["ann", "bob", "cy"]) await fabra.ingest("fall", { entityId, eventId: entityId }, WAIT)

    const first = await fabra.deadLetters.list({ feature: "fragile", since: Date.now() - 60_000 }, { limit: 2 })
    expect(first.entries.map(({ entityId }) => entityId)).toEqual(["ann", "bob"])
    const rest = await fabra.deadLetters.list({}, { limit: 2, after: first.next ?? undefined })
    expect(rest).toMatchObject({ entries: [{ entityId: "cy" }], next: null })
    const [ann, bob] = first.entries
    const { data, ...stored } = (await bus.deadLetters.get(ann?.id ?? "")) ?? { data: "" }
    const { error, ...same } = stored as NonNullable<typeof ann>
    expect(ann).toEqual({ ...same, error: { name: error.name, message: error.message } })
    expect((await fabra.deadLetters.list({ eventType: "fall", entityType: "User", entityId: "bob" })).entries).toEqual([
      bob,
    ])
    expect((await fabra.deadLetters.list({ reason: "invalid_event", until: Date.now() })).entries).toEqual([])

    const shown = await fabra.deadLetters.get(ann?.id ?? "")
    expect(shown).toEqual({ ...stored, event: JSON.parse(data) })
    expect(shown?.error.stack).toContain("support.ts")
    expect(await fabra.deadLetters.get("nothing/here")).toBeUndefined()

    expect(await fabra.deadLetters.replay([ann?.id ?? "", "1-1"])).toEqual([
      { id: ann?.id, status: "replayed" },
      { id: "1-1", status: "not_found" },
    ])
    expect(await fabra.deadLetters.discard([bob?.id ?? "", "1-1"])).toBe(1)
  })

  test("all that a filter means are replayed or discarded, more than one request or page holds", async () => {
    const { url, bus, worker } = await startServer()
    const fabra = createClient({ url })
    const falls = Array.from({ length: 1100 }, (_, n) => ({
      eventType: "fall",
      entityId: `user-${n % 2}`,
      eventId: `e${n}`,
    }))
    await fabra.ingestMany(falls)
    await expect.poll(async () => (await bus.deadLetters.stats()).count, { timeout: 30_000 }).toBe(1100)
    expect(await fabra.deadLetters.discardAll({ entityId: "user-0" })).toBe(550)
    const replayed = await fabra.deadLetters.replayAll()
    expect(replayed).toHaveLength(550)
    expect(replayed.every(({ status }) => status === "replayed")).toBe(true)
    await worker.idle()
    expect((await bus.deadLetters.stats()).count).toBe(550) // each has failed again, and none was replayed twice
    expect(await fabra.deadLetters.discardAll()).toBe(550)
  })

  test("are replayed again, and applied once, when the answer is lost", async () => {
    const { url } = await startServer()
    const direct = createClient({ url })
    await direct.ingest("fall", { entityId: "ann" }, WAIT)
    const [letter] = (await direct.deadLetters.list()).entries
    const middleman = await startMiddleman(url, (request) => (request === 1 ? "lose" : "pass"))
    const fabra = createClient({ url: middleman.url, retryBaseMs: 1 })
    expect(await fabra.deadLetters.replay([letter?.id ?? ""])).toMatchObject([{ id: letter?.id }])
    expect(middleman.requests).toBe(2)
  })
})

test("lag tells how far workers are behind, and which group there is not", async () => {
  const { url, worker } = await startServer()
  const fabra = createClient({ url })
  await fabra.ingest("purchase", { entityId: "ann", payload: { amount: 1 } })
  await worker.idle()
  const lag = await fabra.lag()
  expect(lag).toMatchObject({ group: "fabra_workers", events: expect.any(Number) })
  expect(lag.partitions[0]).toEqual({
    partition: 0,
    events: expect.any(Number),
    oldestAgeMs: lag.partitions[0]?.events === 0 ? null : expect.any(Number),
    owner: expect.any(String),
    ownedMs: expect.any(Number),
    quarantined: 0,
  })
  await expect(fabra.lag("nobody")).rejects.toMatchObject({ code: "not_found", status: 404 })
})

test("findEntities finds those whose values match, page by page", async () => {
  const { url, store } = await startServer()
  for (let n = 0; n < 5; n++) await store.setFeature("total", `u${n}`, n)
  const fabra = createClient({ url })
  const first = await fabra.findEntities("User", { filter: { total: { $gte: 3 } }, names: ["order"], limit: 4 })
  expect(first).toMatchObject({ rows: [{ entityId: "u3", features: { total: { value: 3 }, order: {} } }], scanned: 4 })
  const second = await fabra.findEntities("User", { filter: { total: { $gte: 3 } }, after: first.next ?? undefined })
  expect(second).toMatchObject({ rows: [{ entityId: "u4" }], scanned: 1, next: null })
  await expect(fabra.findEntities("User", { filter: {} })).rejects.toMatchObject({ code: "invalid_request" })
  const unknown = fabra.findEntities("User", { filter: { totl: 1 } })
  await expect(unknown).rejects.toMatchObject({ code: "unknown_feature" })
})

test("eraseEntity erases what is kept of an entity, and tells who is behind", async () => {
  const { url, worker } = await startServer()
  const fabra = createClient({ url })
  await fabra.ingest("purchase", { entityId: "a/ü", payload: { amount: 1 } })
  await fabra.ingest("fall", { entityId: "a/ü" })
  await worker.idle()
  const erased = { record: "removed", deadLetters: 1, indexes: [], groupsBehind: [] }
  expect(await fabra.eraseEntity("User", "a/ü", { timeoutMs: 60_000 })).toEqual(erased)
  expect((await fabra.getEntity("User", "a/ü")).total).toMatchObject({ status: "DEFAULT" })
  await expect(fabra.eraseEntity("Usr", "a")).rejects.toMatchObject({ code: "unknown_entity", allowed: ["User"] })
  const absent = fabra.eraseEntity("User", "a", { indexes: ["absent"] })
  await expect(absent).rejects.toMatchObject({ code: "unknown_index" })
  await expect(fabra.eraseEntity("User", "a", { timeoutMs: 61_000 })).rejects.toMatchObject({ code: "invalid_request" })
})

test("getEntity reads all features of an entity, or some", async () => {
  const { url, store } = await startServer()
  await store.setFeature("total", "a/ü", 5)
  const fabra = createClient({ url })
  const all = await fabra.getEntity("User", "a/ü")
  expect(Object.keys(all)).toEqual(["total", "order", "fragile"])
  expect(all.total).toEqual({ value: 5, status: "PRESENT", eventTime: null, computedAt: expect.any(Date) })
  expect(
    Object.keys(await fabra.getEntity("User", "a/ü", { names: ["order"], maxAgeMs: 1000, input: { a: 1 } })),
  ).toEqual(["order"])
  await expect(fabra.getEntity("Usr", "a")).rejects.toMatchObject({ code: "unknown_entity", allowed: ["User"] })
  await expect(fabra.getEntity("User", "a", { names: ["totl"] })).rejects.toMatchObject({ code: "unknown_feature" })
})

test("codes arrive as the server says them", async () => {
  const { url } = await startServer({ apiKeys: [createApiKey("a", ["read"]).apiKey] })
  await expect(createClient({ url, apiKey: "x" }).lag()).rejects.toMatchObject({ code: "unauthorized", status: 401 })
  const full = await startMiddleman("", () => ({ status: 429, body: '{"code":"rate_limited","detail":"Too many."}' }))
  const fabra = createClient({ url: full.url, maxRetries: 2, retryBaseMs: 1 })
  await expect(fabra.deadLetters.list()).rejects.toMatchObject({ code: "rate_limited", isPassing: true })
  expect(full.requests).toBe(3)
})

describe("watch", () => {
  const notice = { event_type: "purchase", entity: "User", entity_id: "ann", event_id: "e1" }
  const line = `${JSON.stringify({ applied: [{ ...notice, features: { total: 5 }, attempts: 1, duration_ms: 2 }], skipped: 3 })}\n`

  /** Answers the first request with 503, and the next ones with one line in two parts. */
  async function startWatched() {
    let requests = 0
    let close = () => {}
    const left = new Promise<void>((resolve) => {
      close = resolve
    })
    const server = createServer((_request, response) => {
      if (++requests === 1) return void response.writeHead(503).end('{"code":"closing","detail":"Wait."}')
      response.writeHead(200).write(line.slice(0, 40))
      setTimeout(() => response.write(line.slice(40)), 5)
      response.on("close", close)
    }).listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { url, cut: () => server.closeAllConnections(), left }
  }

  test("tells what is applied, and lets go of the connection when the loop is left", async () => {
    const { url, left } = await startWatched()
    const seen: AppliedNotices[] = []
    for await (const notices of createClient({ url, retryBaseMs: 1, timeoutMs: 1000 }).watch()) {
      seen.push(notices)
      break
    }
    await left
    const same = { features: { total: 5 }, attempts: 1, durationMs: 2 }
    expect(seen).toEqual([
      { applied: [{ eventType: "purchase", entityType: "User", entityId: "ann", eventId: "e1", ...same }], skipped: 3 },
    ])
  })

  test("goes on beyond the time of one try, and ends when the signal fires", async () => {
    const { url, left } = await startWatched()
    const stop = new AbortController()
    let seen = 0
    for await (const _ of createClient({ url, retryBaseMs: 1, timeoutMs: 500 }).watch({ signal: stop.signal })) {
      seen++
      setTimeout(() => stop.abort(), 700)
    }
    await left
    expect(seen).toBe(1)
  })

  test("fails when the connection is lost, or cannot be had", async () => {
    const { url, cut } = await startWatched()
    const all = async (url: string) => {
      for await (const _ of createClient({ url, maxRetries: 1, retryBaseMs: 1 }).watch()) cut()
    }
    await expect(all(url)).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("is lost") })
    await expect(all("http://127.0.0.1:1")).rejects.toMatchObject({ code: "unreachable" })
    const { url: real } = await startServer()
    await expect(all(real)).rejects.toMatchObject({ code: "not_found" }) // a server without a feed
  })

  test("of a server tells what its feed tells, and fails when the server is closed", async () => {
    let tell: ((notices: ServerNotices) => void) | undefined
    const feed: AppliedFeed = {
      async subscribe(onNotices) {
        tell = onNotices
      },
    }
    const { url, server } = await startServer({ feed })
    const watching = createClient({ url }).watch()
    const first = watching.next()
    await expect.poll(() => tell).toBeDefined()
    tell?.({ applied: [{ ...notice, features: { total: 1n }, attempts: 1, duration_ms: 2 }], skipped: 2 })
    const same = { features: { total: "1" }, attempts: 1, durationMs: 2 }
    expect((await first).value).toEqual({
      applied: [{ eventType: "purchase", entityType: "User", entityId: "ann", eventId: "e1", ...same }],
      skipped: 2,
    })
    server.close()
    const message = "The server has ended the connection."
    await expect(watching.next()).rejects.toMatchObject({ code: "unreachable", message })
  })

  test("fails with the reason when the server says that it is over, after the number of events that were missed", async () => {
    const last = { applied: [], skipped: 7, code: "request_timeout", detail: "Nothing was read for 30 s." }
    const server = await startMiddleman("", () => ({ status: 200, body: `${JSON.stringify(last)}\n` }))
    const watching = createClient({ url: server.url }).watch()
    expect((await watching.next()).value).toEqual({ applied: [], skipped: 7 })
    await expect(watching.next()).rejects.toMatchObject({ code: "request_timeout", message: last.detail })
  })
})
