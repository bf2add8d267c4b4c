import { expect, test } from "vitest"
import { CachingEmbedder } from "./caching-embedder.js"
import { type Embedder, embedChecked } from "./embedder.js"
import { WordHashEmbedder } from "./word-hash-embedder.js"

/** Embeds as the word hash does and keeps what it was asked. */
function listening(answer = (texts: readonly string[]) => new WordHashEmbedder().embed(texts)) {
  const calls: (readonly string[])[] = []
  const embedder: Embedder = {
    id: "listening",
    dimensions: 256,
    embed(texts) {
      calls.push(texts)
      return answer(texts)
    },
  }
  return { embedder, calls }
}

const similarity = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0)

test("the word hash is deterministic, of length one, and nearer for common words", async () => {
  const embedder = new WordHashEmbedder()
  const texts = ["the quick brown fox", "a quick brown dog", "entirely different words", "THE QUICK, brown fox!"]
  const [fox, dog, other, shouted] = (await embedder.embed(texts)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  expect(await embedder.embed(texts)).toEqual([fox, dog, other, shouted])
  for (const vector of [fox, dog, other]) expect(similarity(vector, vector)).toBeCloseTo(1, 5)
  expect(similarity(fox, dog)).toBeGreaterThan(similarity(fox, other) + 0.2)
  expect(similarity(fox, shouted)).toBeCloseTo(1, 5)
})

test("the word hash has a vector for any text", async () => {
  const texts = ["!", "😀", "…", "日本語", "a"]
  expect(await embedChecked(new WordHashEmbedder({ dimensions: 8 }), texts)).toHaveLength(texts.length)
  expect(() => new WordHashEmbedder({ dimensions: 7 })).toThrow(/8 to 4000/)
})

test("the cache asks for each text once, whatever the order", async () => {
  const { embedder, calls } = listening()
  const cache = new CachingEmbedder(embedder)
  expect(await cache.embed(["a", "b", "a"])).toEqual(await new WordHashEmbedder().embed(["a", "b", "a"]))
  expect(await cache.embed(["b", "c", "a"])).toEqual(await new WordHashEmbedder().embed(["b", "c", "a"]))
  expect(calls).toEqual([["a", "b"], ["c"]])
  expect([cache.id, cache.dimensions]).toEqual(["listening", 256])
})

test("the cache forgets what was used longest ago", async () => {
  const { embedder, calls } = listening()
  const cache = new CachingEmbedder(embedder, { maxTexts: 2 })
  for (const text of ["a", "b", "a", "c", "a", "b"]) await cache.embed([text])
  expect(calls.flat()).toEqual(["a", "b", "c", "b"])
  await cache.embed(["x", "y", "z", "x"])
  expect(() => new CachingEmbedder(embedder, { maxTexts: 0 })).toThrow(/maxTexts/)
})

test.each([
  ["too few", async () => [], /0 vectors for 2 texts/],
  ["too short", async () => [new Float32Array(3), new Float32Array(3)], /3 dimensions instead of 256/],
  ["not a number", async () => [new Float32Array(256).fill(Number.NaN), new Float32Array(256)], /not finite/],
  ["nothing but zeros", async () => [new Float32Array(256), new Float32Array(256)], /zeros/],
  ["no vectors", async () => [[1], [2]] as never, /no Float32Array/],
])("an answer of %s is refused, and never kept", async (_, answer, message) => {
  const { embedder, calls } = listening(answer)
  const cache = new CachingEmbedder(embedder)
  for (const one of [embedder, cache, cache]) {
    await expect(embedChecked(one, ["a", "b"])).rejects.toMatchObject({ code: "invalid_embedding" })
    await expect(embedChecked(one, ["a", "b"])).rejects.toThrow(message)
  }
  expect(calls).toHaveLength(6)
})

test("what an embedder throws is told as an outage, and nothing is asked for nothing", async () => {
  const { embedder, calls } = listening(() => Promise.reject(new Error("no")))
  await expect(embedChecked(embedder, ["a"])).rejects.toMatchObject({ code: "embedder_unavailable", message: "no" })
  expect(await embedChecked(embedder, [])).toEqual([])
  expect(calls).toHaveLength(1)
})
