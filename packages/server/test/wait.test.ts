import { MemoryFeatureCache } from "@fabra/core"
import { describe, expect, test } from "vitest"
import { startAll, startServer } from "./support.js"

const present = (value: unknown) => expect.objectContaining({ value, status: "PRESENT" })

describe("wait=applied", () => {
  test("answers with what the event has made of its features, on every entity it changes", async () => {
    const { post } = await startAll()
    const event = { entity_id: "ann", event_id: "e1" }
    const first = await post("/ingest/visit?wait=applied&timeout=20s", event)
    expect(first.status).toBe(200)
    expect(first.body).toEqual({
      event_id: "e1",
      duplicate: false,
      applied: true,
      dead_lettered: [],
      features: { views: present(1), visits: present(1), fragile: expect.objectContaining({ status: "MISSING" }) },
    })
    const again = await post("/ingest/visit?wait=applied&timeout=20s", event)
    expect(again.body).toMatchObject({ duplicate: true, applied: true, features: { visits: { value: 1 } } })
  })

  test("knows that an event is applied which changes nothing", async () => {
    const { post } = await startAll()
    const { status, body } = await post("/ingest/whisper?wait=applied&timeout=20s", { entity_id: "ann" })
    expect(status).toBe(200)
    expect(body).toMatchObject({ applied: true, features: { loud: { status: "MISSING", value: null } } })
  })

  test("says which features failed on it for good, and what the others are", async () => {
    const { post } = await startAll()
    const { status, body } = await post("/ingest/visit?wait=applied&timeout=20s", {
      entity_id: "ann",
      payload: { hard: true },
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ applied: false, dead_lettered: ["fragile"], features: { visits: present(1) } })
  })

  test("answers 202 when the time is up, and the event is applied none the less", async () => {
    const { post, store } = await startServer()
    const { status, body } = await post("/ingest/visit?wait=applied&timeout=20ms", { entity_id: "ann" })
    expect(status).toBe(202)
    expect(body).toEqual({
      event_id: expect.any(String),
      duplicate: false,
      applied: false,
      dead_lettered: [],
      features: {},
    })
    expect(await store.getFeature("visits", "ann")).toBe(0)
  })

  test("answers 202 when the cache is away: the event is in the bus", async () => {
    const cache = new MemoryFeatureCache()
    cache.load = () => new Promise(() => {})
    const { post } = await startServer({ cache })
    expect((await post("/ingest/visit?wait=applied&timeout=20ms", { entity_id: "ann" })).status).toBe(202)
    cache.load = () => Promise.reject(new Error("away"))
    expect((await post("/ingest/visit?wait=applied&timeout=20ms", { entity_id: "ann" })).status).toBe(202)
  })

  test("ends when the server is closed", async () => {
    const { post, server, bus } = await startServer()
    const published = bus.publish.bind(bus)
    const waiting = new Promise<void>((resolve) => {
      bus.publish = (async (events: never) => {
        setImmediate(resolve)
        return published(events)
      }) as never
    })
    const answer = post("/ingest/visit?wait=applied&timeout=30s", { entity_id: "ann" })
    await waiting
    await server.close()
    expect(await answer).toMatchObject({ status: 202, body: { applied: false } })
  })
})

describe("dry_run", () => {
  test("tells what would change, before and after, and changes nothing", async () => {
    const { post, store, bus } = await startServer()
    await store.setFeature("visits", "ann", 4)
    const event = { entity_id: "ann", event_id: "e1", payload: { hard: true } }
    const { status, body } = await post("/ingest/visit?dry_run=true", event)
    expect(status).toBe(200)
    expect(body).toEqual({
      dry_run: true,
      event_id: "e1",
      changes: [
        {
          entity: "Product",
          entity_id: "ann",
          feature: "views",
          before: { value: 0, status: "DEFAULT", event_time: null, computed_at: null },
          after: present(1),
        },
        { entity: "User", entity_id: "ann", feature: "visits", before: present(4), after: present(5) },
      ],
      failures: [{ entity: "User", entity_id: "ann", feature: "fragile", error: "broken by e1" }],
    })
    expect(await store.getFeature("visits", "ann")).toBe(4)
    expect((await post("/ingest/visit", event)).body.duplicate).toBe(false)
    expect((await bus.deadLetters.stats()).count).toBe(0)
  })

  test("refuses what ingest would refuse", async () => {
    const { post } = await startServer()
    expect((await post("/ingest/purchase?dry_run=true", { entity_id: "ann" })).status).toBe(422)
    expect((await post("/ingest/purchas?dry_run=true", { entity_id: "ann" })).status).toBe(404)
    expect((await post("/ingest/visit?dry_run=true&wait=applied", { entity_id: "ann" })).status).toBe(400)
  })

  test("answers 503 when the cache is away", async () => {
    const cache = new MemoryFeatureCache()
    cache.load = () => new Promise(() => {})
    const { post } = await startServer({ cache, deadlineMs: 20 })
    const answer = await post("/ingest/visit?dry_run=true", { entity_id: "ann" })
    expect(answer).toMatchObject({ status: 503, body: { code: "cache_unavailable" } })
  })
})
