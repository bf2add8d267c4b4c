import type { Embedder } from "@fabra/core"
import { type ErrorCode, FabraError } from "@fabra/events"
import { expect, test, vi } from "vitest"
import { startServer } from "./support.js"

const ERRORS = [
  ["embedder_unavailable", 503],
  ["embedding_refused", 422],
  ["invalid_embedding", 500],
  ["index_mismatch", 500],
  ["not_migrated", 500],
  ["vector_unavailable", 503],
] as const

/** Fails as it is told, or never answers. */
class Broken implements Embedder {
  readonly id = "broken"
  readonly dimensions = 8
  readonly #code: ErrorCode | undefined
  constructor(code?: ErrorCode) {
    this.#code = code
  }
  embed(): Promise<Float32Array[]> {
    const secret = { path: "secret", allowed: ["secret"] }
    if (this.#code === undefined) return new Promise(() => {})
    return Promise.reject(new FabraError(this.#code, "The secret of the inside.", secret))
  }
}

test("finds what is near a text or a vector, by words, and by both, among what the filter lets through", async () => {
  const { store, post } = await startServer()
  await store.index("reviews", "r1", "A warm hat of wool.", { metadata: { lang: "en", stars: 5 } })
  await store.index("reviews", "r2", "These shoes leak.", { metadata: { lang: "en", stars: 1 } })
  await store.index("reviews", "r3", "Ein warmer Hut, a hat.", { metadata: { lang: "de", stars: 4 } })
  const ids = async (body: object) => (await post("/search/reviews", body)).body.hits.map((hit: any) => hit.entity_id)

  const { status, body } = await post("/search/reviews", { text: "warm hat of wool", top_k: 1 })
  expect(status).toBe(200)
  expect(body).toEqual({
    index: "reviews",
    hits: [
      {
        entity_id: "r1",
        chunk: 0,
        text: "A warm hat of wool.",
        start: 0,
        end: 19,
        score: expect.any(Number),
        metadata: { lang: "en", stars: 5 },
        event_time: null,
        indexed_at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ],
  })
  const [vector] = await store.embedder.embed(["these shoes leak"])
  expect(await ids({ vector: [...(vector ?? [])], top_k: 1 })).toEqual(["r2"])
  expect(await ids({ text: "shoes", mode: "text" })).toEqual(["r2"])
  expect(await ids({ text: "shoes", mode: "hybrid", top_k: 2 })).toHaveLength(2)
  expect(await ids({ text: "hat", filter: { lang: "en", stars: { $gte: 2 } } })).toEqual(["r1"])
  expect(await ids({ text: "hat", filter: { $not: { lang: { $in: ["en", "de"] } } } })).toEqual([])
})

test("names the index that is nearest to one that is not there", async () => {
  const { post } = await startServer()
  expect(await post("/search/reviws", { text: "hat" })).toMatchObject({
    status: 404,
    body: { code: "unknown_index", path: "index", allowed: ["reviews"], detail: expect.stringMatching(/"reviews"\?$/) },
  })
})

test.each(ERRORS)("%s is %i, and tells nothing of the inside", async (code, status) => {
  const { store, post } = await startServer()
  store.vectorIndex("broken", { embedder: new Broken(code) })
  const answer = await post("/search/broken", { text: "hat" })
  expect([answer.status, answer.body.code]).toEqual([status, code])
  expect(answer.text).not.toContain("secret")
})

test("is 503 when the embedder or the vector store does not answer in time", async () => {
  const { store, post } = await startServer({ deadlineMs: 30 })
  store.vectorIndex("broken", { embedder: new Broken() })
  const late = { status: 503, body: { code: "vector_unavailable" } }
  expect(await post("/search/broken", { text: "hat" })).toMatchObject(late)
  store.vectors.search = () => new Promise(() => {})
  expect(await post("/search/reviews", { text: "hat" })).toMatchObject(late)
})

test("looks at as many candidates as it is told", async () => {
  const { store, post } = await startServer()
  const search = vi.spyOn(store.vectors, "search")
  await post("/search/reviews", { text: "hat", ef_search: 400 })
  expect(search.mock.lastCall?.[1]).toMatchObject({ efSearch: 400 })
  expect(await post("/search/reviews", { text: "hat", ef_search: 1001 })).toMatchObject({ status: 400 })
})

test("a vector that is too short is the caller's fault, one that the embedder made the server's", async () => {
  const { store, post } = await startServer()
  expect(await post("/search/reviews", { vector: [1, 2] })).toMatchObject({
    status: 400,
    body: { code: "invalid_request", path: "vector", detail: "vector is a vector of 2 dimensions instead of 256." },
  })
  const embed = async (texts: readonly string[]) => texts.map(() => Float32Array.of(1, 2))
  store.vectorIndex("short", { embedder: { id: "short", dimensions: 8, embed } })
  expect(await post("/search/short", { text: "hat" })).toMatchObject({
    status: 500,
    body: { code: "invalid_embedding" },
  })
})

test("is ready only while the vector store answers, and has what is asked for", async () => {
  const { store, get } = await startServer()
  expect((await get("/readyz")).status).toBe(200)
  const search = vi.spyOn(store.vectors, "search")
  for (const [code, status] of [
    ["vector_unavailable", 503],
    ["not_migrated", 500],
  ] as const) {
    search.mockRejectedValue(new FabraError(code, "Away."))
    expect(await get("/readyz")).toMatchObject({ status, body: { code } })
  }
})

test("tells of searches by their route", async () => {
  const routes: unknown[] = []
  const requestEnded = ({ route }: { route: string | undefined }) => routes.push(route)
  const { post } = await startServer({ metrics: { contentType: "", text: async () => "", requestEnded } })
  await post("/search/reviews", { text: "hat" })
  await post("/search/reviws", { text: "hat" })
  expect(routes).toEqual(["/search/:index", "/search/:index"])
})
