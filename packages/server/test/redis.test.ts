import { once } from "node:events"
import { connect } from "node:net"
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { createEvent } from "@fabra/events"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { describe, expect, onTestFinished, test } from "vitest"
import { linesOf, startAll, startServer } from "./support.js"

async function redis(options: Parameters<typeof startRedisServer>[0] = {}): Promise<RedisTestServer> {
  const server = await startRedisServer(options)
  onTestFinished(() => server.stop())
  return server
}

function adapters({ url, namespace }: RedisTestServer, commandTimeoutMs = 5000) {
  const options = { url, namespace: namespace(), commandTimeoutMs }
  const bus = new RedisEventBus({ ...options, partitions: 4 })
  const cache = new RedisFeatureCache(options)
  onTestFinished(async () => {
    await bus.close()
    await cache.close()
  })
  return { bus, cache }
}

test("events come in and values go out, many at once, and each once", async () => {
  const { post, get, ndjson, values } = await startAll(adapters(await redis()))
  const applied = await post("/ingest/purchase?wait=applied&timeout=30s", {
    entity_id: "ann/ü€",
    payload: { amount: 99.99 },
  })
  expect(applied).toMatchObject({ status: 200, body: { applied: true, features: { total_purchases: { value: 1 } } } })
  expect((await post("/ingest/whisper?wait=applied&timeout=30s", { entity_id: "ann/ü€" })).body.applied).toBe(true)
  const fall = await post("/ingest/fall?wait=applied&timeout=30s", { entity_id: "bob" })
  expect(fall.body).toMatchObject({ applied: false, dead_lettered: ["fragile"] })

  const gifts = Array.from({ length: 2000 }, (_, i) => ({
    event_type: "gift",
    entity_id: `u${i % 3}`,
    event_id: `e${i}`,
  }))
  const array = await post("/ingest", gifts.slice(0, 1000))
  expect(array).toMatchObject({ status: 202, body: { accepted: 1000 } })
  expect(linesOf(await ndjson(gifts)).at(-1)).toEqual({ done: true, accepted: 1000, duplicates: 1000, refused: 0 })
  await expect.poll(() => values("u0"), { timeout: 30_000 }).toMatchObject({ total_purchases: 667 })

  const { dead_letters } = (await get("/dead-letters")).body
  expect(dead_letters).toMatchObject([{ entity_id: "bob", features: ["fragile"] }])
  expect((await get(`/dead-letters/${dead_letters[0].id}`)).body.event.event_type).toBe("fall")
  expect((await post("/dead-letters/discard", { ids: [dead_letters[0].id, "nonsense"] })).body).toEqual({
    discarded: 1,
  })
  expect((await get("/entities/User?limit=10")).body.ids.length).toBeGreaterThan(0)
  expect(await get("/entities/User?after=nonsense")).toMatchObject({ status: 400, body: { code: "invalid_request" } })
  expect((await get("/lag")).body.partitions).toHaveLength(4)
  expect((await get("/readyz")).body).toEqual({ status: "ok" })
})

test("a server that is set to another number of partitions than its namespace has is not ready, and says why", async () => {
  const { url } = await redis()
  const right = new RedisEventBus({ url, partitions: 4 })
  const wrong = new RedisEventBus({ url, partitions: 5 })
  onTestFinished(async () => void (await Promise.all([right.close(), wrong.close()])))
  await right.publish(createEvent({ eventType: "login", entityId: "ann" }))
  const { get, post } = await startServer({ bus: wrong })
  const refused = { status: 503, body: { code: "partition_mismatch", detail: expect.stringContaining("partitions") } }
  expect(await get("/readyz")).toMatchObject(refused)
  expect(await post("/ingest/login", { entity_id: "ann" })).toMatchObject(refused)
})

test("is not ready while Redis has no memory for another event", async () => {
  const server = await redis()
  const { get, post } = await startServer(adapters(server))
  expect((await get("/readyz")).status).toBe(200)
  const admin = connect(server.port, "127.0.0.1")
  admin.write("CONFIG SET maxmemory 1\r\n")
  await once(admin, "data")
  expect(await get("/readyz")).toMatchObject({ status: 503, body: { code: "bus_full" } })
  expect((await post("/ingest/purchase", { entity_id: "ann", payload: { amount: 1 } })).body.code).toBe("bus_full")
  admin.write("CONFIG SET maxmemory 0\r\n")
  await once(admin, "data")
  expect((await get("/readyz")).status).toBe(200)
  admin.destroy()
})

describe.each([
  ["is gone", (server: RedisTestServer) => server.kill(), (server: RedisTestServer) => server.restart()],
  [
    "does not answer",
    (server: RedisTestServer) => server.kill("SIGSTOP"),
    (server: RedisTestServer) => server.kill("SIGCONT"),
  ],
])("while Redis %s", (_how, breakIt, mendIt) => {
  test("every answer is 503, and what is sent again afterwards is applied once", async () => {
    const server = await redis({ appendOnly: true })
    const { post, get, ndjson, values } = await startAll({ ...adapters(server, 500), deadlineMs: 600 })
    const login = { event_type: "gift", entity_id: "ann" }
    await post("/ingest/gift?wait=applied&timeout=30s", { entity_id: "ann", event_id: "before" })

    await breakIt(server)
    const answers = await Promise.all([
      ...["a", "b", "c"].map((id) => post("/ingest/gift", { entity_id: "ann", event_id: id })),
      ...["/features/User/ann", "/entities/User", "/dead-letters", "/dead-letters/1-0", "/lag", "/readyz"].map((path) =>
        get(path),
      ),
      post("/features", { features: ["views"], entity_rows: [{ product_id: "p" }] }),
    ])
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503))
    for (const { headers } of answers) expect(headers.get("retry-after")).toBe("1")
    const lines = linesOf(await ndjson(["d", "e"].map((event_id) => ({ ...login, event_id }))))
    expect(lines.map(({ status, done }) => status ?? done)).toEqual([503, 503, false])
    expect((await get("/healthz")).status).toBe(200)

    await mendIt(server)
    await expect.poll(async () => (await get("/readyz")).status, { timeout: 30_000 }).toBe(200)
    for (const event_id of ["a", "b", "c", "d", "e"]) {
      const send = () => post("/ingest/gift?wait=applied&timeout=30s", { entity_id: "ann", event_id })
      // The worker may still be waiting to try again; the event is in the bus all the same.
      await expect.poll(async () => (await send()).body.applied, { timeout: 30_000 }).toBe(true)
    }
    expect(await values("ann")).toMatchObject({ total_purchases: 6 })
  }, 90_000)
})

test("starts, and says that it is not ready, when Redis was never there", async () => {
  const server = await redis()
  await server.kill()
  const { get } = await startServer({ ...adapters(server, 300), deadlineMs: 400 })
  expect((await get("/healthz")).status).toBe(200)
  expect((await get("/readyz")).status).toBe(503)
})
