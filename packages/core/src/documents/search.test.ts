import { expect, test } from "vitest"
import { MemoryFeatureCache } from "../cache/memory-cache.js"
import { FeatureStore } from "../store.js"
import type { SearchQuery } from "./search.js"
import { WordHashEmbedder } from "./word-hash-embedder.js"

async function library(cache = new MemoryFeatureCache()) {
  let now = 1_000_000
  const clock = { now: () => now, random: () => 0, setTimer: () => ({ cancel: () => {} }) }
  const embedder = new WordHashEmbedder()
  const asked: string[] = []
  const embed = embedder.embed.bind(embedder)
  embedder.embed = (texts) => {
    asked.push(...texts)
    return embed(texts)
  }
  const store = new FeatureStore({ cache, clock, embedder })
  store.vectorIndex("documents")
  await store.index("documents", "fox", "the quick brown fox")
  await store.index("documents", "dog", "the lazy dog")
  asked.length = 0
  const ids = async (query: SearchQuery) => (await store.search("documents", query)).map(({ entityId }) => entityId)
  return { store, cache, embedder, asked, ids, pass: (ms: number) => (now += ms) }
}

test("searches by text, by vector, by words and by both", async () => {
  const { ids, embedder, asked } = await library()
  expect(await ids({ text: "a lazy dog" })).toEqual(["dog", "fox"])
  const [vector] = (await embedder.embed(["lazy dog"])) as [Float32Array]
  asked.length = 0
  expect(await ids({ vector, topK: 1 })).toEqual(["dog"])
  expect(await ids({ vector: [...vector], topK: 1 })).toEqual(["dog"])
  expect(await ids({ text: "fox", mode: "text" })).toEqual(["fox"])
  expect(await ids({ text: "fox", vector, mode: "hybrid" })).toEqual(["fox", "dog"])
  expect(asked).toEqual([]) // a vector that is given, or not needed, is not made
  expect(await ids({ text: "quick", mode: "hybrid" })).toEqual(["fox", "dog"])
})

test.each([
  [{}, "text"],
  [{ text: " " }, "text"],
  [{ text: "word ".repeat(10_000) }, "text"],
  [{ text: "word ".repeat(200_000), mode: "hybrid" }, "text"],
  [{ vector: [1], mode: "hybrid" }, "text"],
  [{ vector: [1, 2] }, "vector"],
  [{ vector: new Array(256).fill(0) }, "vector"],
  [{ text: "x", topK: 0 }, "topK"],
  [{ text: "x", topK: 1.5 }, "topK"],
  [{ text: "x", topK: 1001 }, "topK"],
  [{ text: "x", efSearch: 0 }, "efSearch"],
  [{ text: "x", mode: "fuzzy" }, "mode"],
  [{ text: "x", maxAgeMs: -1 }, "maxAgeMs"],
  [{ text: "x", filter: { a: { $x: 1 } } }, "filter.a.$x"],
])("refuses %j and says where", async (query, path) => {
  const { store } = await library()
  await expect(store.search("documents", query as SearchQuery)).rejects.toMatchObject({
    code: "invalid_argument",
    path,
  })
})

test("gives an answer again that is young enough, if that will do", async () => {
  const { store, ids, asked, pass } = await library()
  const query = { text: "fox", topK: 1, maxAgeMs: 1_000 }
  const first = await store.search("documents", query)
  await store.removeDocument("documents", "fox")
  pass(999)
  expect(await store.search("documents", query)).toEqual(first)
  expect(asked).toEqual(["fox"])
  expect(await ids({ ...query, maxAgeMs: 0 })).toEqual(["dog"])
  expect(await ids({ ...query, topK: 2 })).toEqual(["dog"]) // another question
  pass(1)
  expect(await ids(query)).toEqual(["dog"])
})

test("keeps no more answers than it has places, whatever is asked", async () => {
  const { store, cache } = await library()
  for (let n = 0; n < 1_500; n++) await store.search("documents", { text: `word${n}`, maxAgeMs: 1_000 })
  const { ids } = await cache.entities("search:documents", { limit: 10_000 })
  expect(ids.length).toBeLessThanOrEqual(1_024)
})

test("answers without the cache if it has to", async () => {
  const { ids } = await library(
    Object.assign(new MemoryFeatureCache(), {
      read: () => Promise.reject(new Error("away")),
      write: () => Promise.reject(new Error("away")),
    }),
  )
  expect(await ids({ text: "fox", topK: 1, maxAgeMs: 1_000 })).toEqual(["fox"])
})
