import { expect, test } from "vitest"
import { startAll, startServer } from "./support.js"

test("serves values with their status and times; Date and bigint as text", async () => {
  const { store, get } = await startServer()
  await store.setFeature("cents", "ann", 12345678901234567890n)
  await store.setFeature("last_login", "ann", new Date("2026-01-01T00:00:00Z"))
  const { body } = await get("/features/User/ann?names=cents,last_login,total_purchases,last_purchase_amount")
  const computed_at = expect.stringMatching(/^\d{4}-.*Z$/)
  expect(body).toEqual({
    entity: "User",
    entity_id: "ann",
    features: {
      cents: { value: "12345678901234567890", status: "PRESENT", event_time: null, computed_at },
      last_login: { value: "2026-01-01T00:00:00.000Z", status: "PRESENT", event_time: null, computed_at },
      total_purchases: { value: 0, status: "DEFAULT", event_time: null, computed_at: null },
      last_purchase_amount: { value: null, status: "MISSING", event_time: null, computed_at: null },
    },
  })
  const all = (await get("/features/User/ann")).body.features
  expect(Object.keys(all)).toContain("fragile")
  expect(Object.keys(all)).not.toContain("views")
})

test("marks what is older than max_age", async () => {
  const { store, get, post } = await startServer()
  await store.setFeature("total_purchases", "ann", 1)
  await new Promise((resolve) => setTimeout(resolve, 5))
  const status = async (query: string) =>
    (await get(`/features/User/ann?names=total_purchases${query}`)).body.features.total_purchases.status
  expect(await status("&max_age=0s")).toBe("STALE")
  expect(await status("&max_age=7d")).toBe("PRESENT")
  const rows = await post("/features", {
    features: ["total_purchases"],
    entity_rows: [{ user_id: "ann" }, { user_id: "bob" }],
    max_age: "1ms",
  })
  expect(rows.body.rows.map((row: any) => row.features.total_purchases.status)).toEqual(["STALE", "DEFAULT"])
})

test("says that nothing has changed", async () => {
  const { store, get } = await startServer()
  const path = "/features/User/ann?names=total_purchases"
  const first = await get(path)
  const etag = first.headers.get("etag") as string
  expect(first.headers.get("cache-control")).toBe("private, no-cache")
  for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
    const again = await get(path, { "if-none-match": tag })
    expect(again).toMatchObject({ status: 304, text: "" })
    expect(again.headers.get("etag")).toBe(etag)
  }
  await store.setFeature("total_purchases", "ann", 1)
  expect((await get(path, { "if-none-match": etag })).status).toBe(200)
})

test("serves many rows, of several entities, in one call", async () => {
  const { store, post } = await startServer()
  await store.setFeature("total_purchases", "ann", 2)
  await store.setFeature("views", "p1", 7)
  const { body } = await post("/features", {
    features: ["views", "total_purchases"],
    entity_rows: [
      { user_id: "ann", product_id: "p1" },
      { user_id: "bob", product_id: "p1" },
    ],
  })
  const picture = body.rows.map(({ entity_row, features }: any) => [
    entity_row,
    features.total_purchases.value,
    features.views.value,
  ])
  expect(picture).toEqual([
    [{ user_id: "ann", product_id: "p1" }, 2, 7],
    [{ user_id: "bob", product_id: "p1" }, 0, 7],
  ])
  expect((await post("/features", { features: ["views"], entity_rows: [] })).body).toEqual({ rows: [] })
})

test("pages through ids", async () => {
  const { store, get } = await startServer()
  for (let i = 0; i < 25; i++) await store.setFeature("views", `p${i}`, i)
  const seen: string[] = []
  let after: string | null = ""
  while (after !== null) {
    const { body } = await get(`/entities/Product?limit=10${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`)
    seen.push(...body.ids)
    after = body.next
  }
  expect(new Set(seen)).toEqual(new Set(Array.from({ length: 25 }, (_, i) => `p${i}`)))
})

test("tells what the store knows, with schemas as JSON Schema", async () => {
  const { get } = await startServer()
  const { body } = await get("/catalog")
  expect(body.entities).toEqual([
    { name: "User", key: "user_id" },
    { name: "Product", key: "product_id" },
  ])
  expect(body.features).toContainEqual({
    name: "total_purchases",
    entity: "User",
    triggers: ["purchase", "gift"],
    initial: 0,
    max_retries: 3,
    timeout_ms: 30_000,
  })
  expect(body.indexes).toEqual([{ name: "reviews", metric: "cosine", language: "english", dimensions: 256 }])
  const event = (name: string) => body.events.find(({ event_type }: { event_type: string }) => event_type === name)
  expect(event("purchase")).toMatchObject({
    features: ["last_purchase_amount", "total_purchases"],
    schema: { type: "object", required: ["amount"] },
  })
  expect(event("gift")).toEqual({ event_type: "gift", features: ["total_purchases"], schema: null })
})

test("replays and discards dead letters", async () => {
  const { post, get, worker } = await startAll()
  await post("/ingest/fall", { entity_id: "ann", event_id: "e1" })
  await post("/ingest/fall", { entity_id: "bob", event_id: "e2" })
  await worker.idle()
  const list = (await get("/dead-letters?event_type=fall&limit=1")).body
  expect(list.dead_letters).toMatchObject([
    { event_id: "e1", entity_id: "ann", entity: "User", features: ["fragile"], reason: "handler_failed" },
  ])
  expect(list.dead_letters[0].error).toEqual({ name: "Error", message: "broken by e1" })
  const rest = (await get(`/dead-letters?after=${list.next}`)).body
  expect(rest.dead_letters).toMatchObject([{ event_id: "e2" }])
  const [{ id: first }, { id: second }] = [list.dead_letters[0], rest.dead_letters[0]]
  const shown = (await get(`/dead-letters/${first}`)).body
  expect(shown).toMatchObject({ event: { event_id: "e1" }, error: { stack: expect.stringContaining("support.ts") } })

  const { body } = await post("/dead-letters/replay", { ids: [first, "none"] })
  expect(body.results).toEqual([
    { id: first, status: "replayed" },
    { id: "none", status: "not_found" },
  ])
  await worker.idle()
  expect((await post("/dead-letters/discard", { ids: [second] })).body).toEqual({ discarded: 1 })
  const left = (await get(`/dead-letters?entity=User&entity_id=ann&since=2026-01-01&reason=handler_failed`)).body
    .dead_letters
  expect(left).toMatchObject([{ entity_id: "ann" }])
  expect((await get("/dead-letters?entity=Product")).body.dead_letters).toEqual([])
  expect(await get(`/dead-letters/${second}`)).toMatchObject({ status: 404, body: { code: "not_found" } })
})

test("tells the lag of a group", async () => {
  const { post, get } = await startAll()
  await post("/ingest/login?wait=applied", { entity_id: "ann" })
  const { body } = await get("/lag")
  expect(body).toMatchObject({ group: "fabra_workers", events: expect.any(Number) })
  expect(body.partitions).toHaveLength(4)
  expect(await get("/lag?group=nobody")).toMatchObject({ status: 404, body: { code: "not_found" } })
})

test("computes features on request, from the input of the request", async () => {
  const { store, post, get } = await startServer()
  store.feature("fits", { entity: "User", compute: async (_id, { input }) => Number(input.amount) <= 10 })
  store.feature("broken", { entity: "User", compute: () => Promise.reject(new Error("secret of the inside")) })
  const body = { features: ["fits", "total_purchases"], entity_rows: [{ user_id: "ann" }], input: { amount: 11 } }
  expect((await post("/features", body)).body.rows[0].features).toMatchObject({
    fits: { value: false, status: "PRESENT" },
    total_purchases: { value: 0, status: "DEFAULT" },
  })
  expect((await post("/features", { ...body, input: { amount: 9 } })).body.rows[0].features.fits.value).toBe(true)
  const input = encodeURIComponent('{"amount": 9}')
  expect((await get(`/features/User/ann?names=fits&input=${input}`)).body.features.fits.value).toBe(true)
  expect((await post("/features", { ...body, input: 9 })).body).toMatchObject({
    code: "invalid_request",
    path: "input",
  })
  const failed = await get("/features/User/ann?names=broken")
  expect(failed).toMatchObject({ status: 500, body: { code: "feature_failed", path: "broken" } })
  expect(failed.text).not.toContain("secret")
})

test("says so when computing takes too long", async () => {
  const { store, get } = await startServer({ deadlineMs: 5 })
  store.feature("slow", { entity: "User", compute: () => new Promise<number>(() => {}) })
  const { status, body } = await get("/features/User/ann?names=slow")
  expect([status, body.code]).toEqual([500, "feature_failed"])
})
