import { FabraError } from "@fabra/events"
import { expect, test } from "vitest"
import { FeatureStore } from "../store.js"
import { runInTransaction, type Transaction } from "../transaction.js"
import type { Embedder } from "./embedder.js"
import { MemoryVectorStore } from "./memory-vector-store.js"
import { WordHashEmbedder } from "./word-hash-embedder.js"

/** Counts what it is asked; `answer` can be made to wait or fail. */
class Listening implements Embedder {
  readonly inner = new WordHashEmbedder()
  readonly dimensions = this.inner.dimensions
  readonly calls: (readonly string[])[] = []
  before: (texts: readonly string[], signal: AbortSignal | undefined) => unknown = () => {}
  id = "listening"
  async embed(texts: readonly string[], { signal }: { readonly signal?: AbortSignal } = {}) {
    this.calls.push(texts)
    await this.before(texts, signal)
    return this.inner.embed(texts)
  }
}

/** Counts calls. */
class Counting extends MemoryVectorStore {
  readonly counts = { find: 0, upsert: 0 }
  override find(...args: Parameters<MemoryVectorStore["find"]>) {
    this.counts.find++
    return super.find(...args)
  }
  override upsert(...args: Parameters<MemoryVectorStore["upsert"]>) {
    this.counts.upsert++
    return super.upsert(...args)
  }
}

function library(vectors = new Counting()) {
  const embedder = new Listening()
  const store = new FeatureStore({ vectors, embedder })
  const documents = store.vectorIndex("documents", { chunking: { maxTokens: 20, overlapTokens: 0 } })
  const texts = async () => (await store.search(documents, { text: "text", topK: 1000 })).map(({ text }) => text)
  return { store, vectors, embedder, documents, texts }
}

/** Runs in a handler of the event at that position. */
function at<Result>(position: number, work: () => Promise<Result>, signal = new AbortController().signal) {
  const origin = { source: "bus/0", position: String(position).padStart(12, "0"), eventTime: position }
  const key = { entityType: "Document", entityId: "any" }
  const none = () => undefined
  const state = { eventTime: position, store: none, tooLate: none }
  const transaction = { key, feature: { name: "f" }, origin, signal, get: none, stored: none, set: none, ...state }
  return runInTransaction(transaction satisfies Transaction, work)
}

test("a text is cut, embedded, and found with all that is known of it", async () => {
  const { store, documents } = library()
  const text = "Foxes are quick and brown, as everybody knows by now who has ever seen one. Dogs are lazy."
  const metadata = { lang: "en" }
  expect(await at(7, () => store.index("documents", "one", text, { metadata }))).toEqual({ status: "indexed" })
  const [dogs, foxes] = await store.search(documents, { text: "lazy dogs" })
  expect(dogs).toEqual({
    entityId: "one",
    chunk: 1,
    text: "Dogs are lazy.",
    start: 76,
    end: 90,
    metadata,
    score: expect.any(Number),
    eventTime: new Date(7),
    indexedAt: expect.any(Date),
  })
  expect(text.slice(foxes?.start, foxes?.end)).toBe(foxes?.text)
  expect(await store.search(documents, { text: "lazy dogs", filter: { lang: "de" } })).toEqual([])
})

test("documents of one turn share one look, one embedding and one write", async () => {
  const { store, vectors, embedder, texts } = library()
  await Promise.all(Array.from({ length: 60 }, (_, n) => store.index("documents", `doc ${n}`, `text ${n}`)))
  expect(embedder.calls).toHaveLength(1)
  expect(vectors.counts).toEqual({ find: 1, upsert: 1 })
  expect(await texts()).toHaveLength(60)
})

test("of one document, what was asked for last in a turn stands", async () => {
  const { store, texts } = library()
  await Promise.all(["a", "b", "c"].map((text) => store.index("documents", "one", text)))
  expect(await texts()).toEqual(["c"])
})

test("a text that is there already costs no embedding, and its event still counts", async () => {
  const { store, embedder, texts } = library()
  await at(5, () => store.index("documents", "one", "text", { metadata: { v: 1 } }))
  expect(await at(7, () => store.index("documents", "one", "text", { metadata: { v: 2 } }))).toEqual({
    status: "unchanged",
  })
  expect(embedder.calls).toHaveLength(1)
  const [hit] = await store.search("documents", { vector: (await embedder.inner.embed(["text"]))[0] as Float32Array })
  expect(hit).toMatchObject({ metadata: { v: 2 }, eventTime: new Date(7) })
  expect(await at(6, () => store.index("documents", "one", "late"))).toEqual({ status: "stale" })
  expect(await texts()).toEqual(["text"])
})

test("an earlier event costs no embedding and changes nothing", async () => {
  const { store, embedder, texts } = library()
  await at(9, () => store.index("documents", "one", "new"))
  await at(9, () => store.removeDocument("documents", "gone"))
  for (const id of ["one", "gone"]) {
    expect(await at(8, () => store.index("documents", id, "old"))).toEqual({ status: "stale" })
    expect(await at(8, () => store.removeDocument("documents", id))).toEqual({ status: "stale" })
  }
  expect(embedder.calls).toEqual([["new"]])
  expect(await texts()).toEqual(["new"])
})

test("an earlier event that was slow to embed comes too late", async () => {
  const { store, embedder, texts } = library()
  let go = () => {}
  embedder.before = (text) => text.includes("old") && new Promise<void>((resolve) => (go = resolve))
  const old = at(1, () => store.index("documents", "one", "old"))
  await new Promise(setImmediate)
  await at(2, () => store.index("documents", "one", "new"))
  go()
  expect(await old).toEqual({ status: "stale" })
  expect(await texts()).toEqual(["new"])
})

test("a text that was there when looked for and is not when written is embedded after all", async () => {
  const { store, vectors, embedder, texts } = library()
  await store.index("documents", "one", "text")
  const find = vectors.find.bind(vectors)
  vectors.find = async (...args) => {
    const states = await find(...args)
    vectors.find = find
    await vectors.remove(args[0], [{ entityId: "one", version: null, removedAt: 0 }])
    return states
  }
  expect(await store.index("documents", "one", "text")).toEqual({ status: "indexed" })
  expect(embedder.calls).toHaveLength(2)
  expect(await texts()).toEqual(["text"])
})

test("a text that cannot be embedded is refused alone", async () => {
  const { store, embedder, texts } = library()
  embedder.before = (all) => {
    if (all.includes("poison")) throw new FabraError("embedding_refused", "No.")
  }
  const all = ["a", "poison", "b"].map((text) => store.index("documents", text, text))
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"])
  await expect(all[1]).rejects.toMatchObject({ code: "embedding_refused" })
  expect((await texts()).sort()).toEqual(["a", "b"])
})

test("an embedder that is away is asked once for all, and told as what it is", async () => {
  const { store, embedder } = library()
  embedder.before = () => Promise.reject(new FabraError("embedder_unavailable", "Away."))
  const all = await Promise.allSettled(["a", "b"].map((text) => store.index("documents", text, text)))
  expect(all).toMatchObject([
    { reason: { code: "embedder_unavailable" } },
    { reason: { code: "embedder_unavailable" } },
  ])
  expect(embedder.calls).toHaveLength(1)
})

test("whoever gives up waiting leaves nothing behind; the others get theirs", async () => {
  const { store, embedder, texts } = library()
  let go = () => {}
  embedder.before = () => new Promise<void>((resolve) => (go = resolve))
  const given = new AbortController()
  const up = at(1, () => store.index("documents", "given up", "given up"), given.signal)
  const other = at(1, () => store.index("documents", "other", "other"))
  await new Promise(setImmediate)
  given.abort(new Error("enough"))
  await expect(up).rejects.toThrow("enough")
  go()
  expect(await other).toEqual({ status: "indexed" })
  embedder.before = () => {}
  expect(await texts()).toEqual(["other"])
  await expect(at(2, () => store.index("documents", "one", "x"), given.signal)).rejects.toThrow("enough")
  await expect(at(2, () => store.removeDocument("documents", "one"), given.signal)).rejects.toThrow("enough")
})

test("when nobody waits any more, the embedder is told", async () => {
  const { store, embedder } = library()
  const told: unknown[] = []
  embedder.before = (_, signal) =>
    new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(told.push(signal.reason))))
  const controllers = [new AbortController(), new AbortController()]
  const all = controllers.map(({ signal }, n) => at(1, () => store.index("documents", `${n}`, "x"), signal))
  await new Promise(setImmediate)
  controllers[0]?.abort(new Error("first"))
  expect(told).toEqual([])
  controllers[1]?.abort(new Error("second"))
  await Promise.allSettled(all)
  expect(told).toMatchObject([{ message: "second" }])
})

test("another embedder means another text, and an index that was made with the old one is refused", async () => {
  const vectors = new Counting()
  await library(vectors).store.index("documents", "one", "text")
  const { store, embedder } = library(vectors)
  embedder.id = "a new model"
  await expect(store.index("documents", "one", "text")).rejects.toMatchObject({
    code: "index_mismatch",
    path: "embedder",
  })
  await expect(store.search("documents", { text: "x" })).rejects.toThrow(/listening.*a new model.*new name/s)
  await expect(store.migrate()).rejects.toMatchObject({ code: "index_mismatch" })
})

test("a blank text empties the document", async () => {
  const { store, embedder, texts } = library()
  await store.index("documents", "one", "text")
  expect(await store.index("documents", "one", " \n")).toEqual({ status: "indexed" })
  expect(embedder.calls).toHaveLength(1)
  expect(await texts()).toEqual([])
})

test("lone surrogates are replaced at their length", async () => {
  const { store } = library()
  const metadata = { "k\ud800": ["\udc00!"] }
  await store.index("documents", "one", "a\ud800b", { metadata })
  expect(await store.search("documents", { text: "a" })).toMatchObject([
    { text: "a\ufffdb", end: 3, metadata: { "k\ufffd": ["\ufffd!"] } },
  ])
})

test("bad calls say what is wrong", async () => {
  const { store } = library()
  await expect(store.index("document", "one", "x")).rejects.toThrow(/"document" is not known.*Did you mean "documents"/)
  await expect(store.search("nothing", { text: "x" })).rejects.toMatchObject({ code: "unknown_index" })
  await expect(store.index("documents", "", "x")).rejects.toMatchObject({ code: "invalid_argument", path: "entityId" })
  await expect(store.index("documents", "one", 5 as never)).rejects.toMatchObject({ path: "text" })
  const index = (metadata: object) => store.index("documents", "one", "x", { metadata: metadata as never })
  await expect(index([])).rejects.toMatchObject({ code: "invalid_value", path: "metadata" })
  await expect(index({ $or: 1 })).rejects.toThrow(/begin with \$/)
  await expect(index({ when: new Date() })).rejects.toMatchObject({ code: "invalid_value", path: "metadata.when" })
})

test.each([
  ["duplicate_name", /already has an index "documents"/, "documents", {}],
  ["invalid_name", /letter or underscore/, "no spaces", {}],
  ["invalid_argument", /metric is "angle".*"cosine"/, "m", { metric: "angle" }],
  ["invalid_argument", /maxTokens is 0/, "m", { chunking: { maxTokens: 0 } }],
  ["invalid_argument", /overlapTokens is 20.*0 to 19/, "m", { chunking: { maxTokens: 20, overlapTokens: 20 } }],
  ["invalid_argument", /language is "no'"/, "m", { language: "no'" }],
])("%s at definition: %s", (code, message, name, options) => {
  const { store } = library()
  expect(() => store.vectorIndex(name, options as never)).toThrow(expect.objectContaining({ code }))
  expect(() => store.vectorIndex(name, options as never)).toThrow(message)
})

test("vectors that the store cannot index are refused before anything is made", async () => {
  const vectors = new MemoryVectorStore()
  Object.assign(vectors.capabilities, { maxDimensions: 100 })
  const store = new FeatureStore({ vectors })
  store.vectorIndex("documents")
  await expect(store.migrate()).rejects.toThrow(/256 dimensions; memory indexes at most 100/)
})

test("a vector store and an embedder are connected once, before they are used", () => {
  const store = new FeatureStore()
  const [vectors, embedder] = [new MemoryVectorStore(), new WordHashEmbedder()]
  store.connect({ vectors, embedder })
  store.connect({ vectors, embedder })
  expect([store.vectors, store.embedder]).toEqual([vectors, embedder])
  expect(() => store.connect({ vectors: new MemoryVectorStore() })).toThrow(/has a vector store already/)
  expect(() => store.connect({ embedder: new WordHashEmbedder() })).toThrow(/has an embedder already/)
})
