import { type Embedder, FeatureStore, MemoryFeatureCache, MemoryVectorStore, WordHashEmbedder } from "@fabra/core"
import { defineEvent, MemoryEventBus } from "@fabra/events"
import { gate, silent } from "@fabra/test-support"
import { expect, onTestFinished, test } from "vitest"
import { AxiomWorker, dryRun, type WorkerOptions } from "../src/index.js"

const documentUpdated = defineEvent<{ content: string; n?: number }>("document_updated")
const documentDeleted = defineEvent("document_deleted")

/** The embedder of a test: what it does before it answers can be changed. */
class TestEmbedder implements Embedder {
  readonly inner = new WordHashEmbedder()
  readonly id = "test"
  readonly dimensions = this.inner.dimensions
  readonly calls: (readonly string[])[] = []
  before: (texts: readonly string[]) => unknown = () => {}
  async embed(texts: readonly string[]) {
    this.calls.push(texts)
    await this.before(texts)
    return this.inner.embed(texts)
  }
}

function library({ bus = new MemoryEventBus({ partitions: 4 }), vectors = new MemoryVectorStore() } = {}) {
  const embedder = new TestEmbedder()
  const store = new FeatureStore({ cache: new MemoryFeatureCache(), vectors, embedder })
  const Document = store.entity("Document", { key: "doc_id" })
  store.vectorIndex("documents")

  const docContent = store.feature("doc_content", {
    entity: Document,
    trigger: documentUpdated,
    maxRetries: 1,
    timeoutMs: 5_000,
    compute: async (docId, event) => {
      const { content } = event.payload

      // Re-index in vector store
      await store.index("documents", docId, content)

      return content
    },
  })
  store.feature("doc_deleted", {
    entity: Document,
    trigger: documentDeleted,
    compute: async (docId, event) => {
      await store.removeDocument("documents", docId)
      return event.timestamp
    },
  })
  const start = (options: Partial<WorkerOptions> = {}) => {
    const worker = new AxiomWorker(store, { bus, logger: silent, retryBaseMs: 1, retryMaxMs: 5, ...options })
    worker.run().catch(() => {})
    onTestFinished(() => worker.stop())
    return worker
  }
  const update = (entityId: string, content: string) =>
    bus.publish(documentUpdated.create({ entityId, payload: { content } }))
  const texts = async () => {
    const hits = await store.search("documents", { text: "text", topK: 1000 })
    return Object.fromEntries(hits.map(({ entityId, text }) => [entityId, text]))
  }
  return { bus, vectors, embedder, store, docContent, start, update, texts }
}

test("documents follow their events: written, edited, removed", async () => {
  const { bus, store, docContent, start, update, texts } = library()
  const worker = start()
  await update("a", "first text of a")
  await update("b", "text of b")
  await update("a", "second text of a")
  await worker.idle()
  expect(await texts()).toEqual({ a: "second text of a", b: "text of b" })
  expect(await store.getFeature(docContent, "a")).toBe("second text of a")
  const deleted = documentDeleted.create({ entityId: "a" })
  await bus.publish(deleted)
  await worker.idle()
  expect(await texts()).toEqual({ b: "text of b" })
  const [hit] = await store.search("documents", { text: "b" })
  expect(hit?.eventTime).toBeInstanceOf(Date)
})

test("documents of one batch of events go to the embedder together", async () => {
  const { embedder, start, update, texts } = library({ bus: new MemoryEventBus({ partitions: 1 }) })
  for (let n = 0; n < 50; n++) await update(`doc ${n}`, `text ${n}`)
  await start().idle()
  expect(embedder.calls.length).toBeLessThan(5)
  expect(Object.keys(await texts())).toHaveLength(50)
})

test("a slow embedding holds up its own document and no other", async () => {
  const { embedder, store, docContent, start, update, texts } = library()
  const slow = gate()
  embedder.before = (all) => all.includes("slow") && slow.promise
  const worker = start()
  await update("slow", "slow")
  await expect.poll(() => embedder.calls.length).toBe(1)
  await update("slow", "after")
  await update("other", "text")
  await expect.poll(() => store.getFeature(docContent, "other")).toBe("text")
  expect(await texts()).toEqual({ other: "text" })
  slow.open()
  await worker.idle()
  expect(await texts()).toEqual({ slow: "after", other: "text" })
})

test("an embedder that fails is asked again; what fails for good is a dead letter, and the rest goes on", async () => {
  const { bus, embedder, start, update, texts } = library()
  let failures = 1
  embedder.before = (all) => {
    if (all.includes("unlucky") && failures-- > 0) throw new Error("not now")
    if (all.includes("hopeless")) throw new Error("never")
  }
  const worker = start()
  for (const id of ["unlucky", "hopeless", "fine"]) {
    await update(id, id)
    await worker.idle()
  }
  expect(await texts()).toEqual({ unlucky: "unlucky", fine: "fine" })
  const { entries } = await bus.deadLetters.list()
  expect(entries).toMatchObject([
    { entityId: "hopeless", features: ["doc_content"], reason: "handler_failed", error: { message: "never" } },
  ])
})

test("a dead letter that is replayed does not overwrite what came after it", async () => {
  const { bus, embedder, store, docContent, start, update, texts } = library()
  embedder.before = (all) => {
    if (all.includes("first")) throw new Error("not now")
  }
  const worker = start()
  await update("a", "first")
  await update("a", "second")
  await update("b", "first")
  await worker.idle()
  embedder.before = () => {}
  const { entries } = await bus.deadLetters.list()
  await bus.deadLetters.replay(entries.map(({ id }) => id))
  await worker.idle()
  expect(await texts()).toEqual({ a: "second", b: "first" })
  expect(await store.getFeature(docContent, "b")).toBe("first")
})

test("a handler that has run out of time writes nothing later", async () => {
  const { bus, embedder, vectors, store, start, texts } = library()
  const hanging = gate()
  const done = gate<string>()
  embedder.before = () => hanging.promise
  store.feature("hasty", {
    entity: "Document",
    trigger: "hurry",
    maxRetries: 0,
    timeoutMs: 20,
    compute: async (docId) => {
      await store.index("documents", docId, "too late").catch(() => {})
      // Whoever goes on after the end is refused too.
      await store.index("documents", docId, "later still").catch((error) => done.open(error.message))
      return 1
    },
  })
  const worker = start()
  await bus.publish({ ...documentDeleted.create({ entityId: "a" }), eventType: "hurry", payload: {} })
  await worker.idle()
  expect((await bus.deadLetters.list()).entries).toMatchObject([{ reason: "handler_timeout" }])
  expect(await done.promise).toMatch(/handler of "hasty" took longer than 20 ms/)
  hanging.open()
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await vectors.find({ ...schema, embedder: embedder.id }, ["a"])).toEqual([undefined])
  expect(await texts()).toEqual({})
})

test("a handler that has ended writes nothing more", async () => {
  const { bus, store, start, texts } = library()
  const late = gate<string>()
  store.feature("floating", {
    entity: "Document",
    trigger: "float",
    compute: (docId) => {
      setTimeout(() => store.index("documents", docId, "late").catch((error) => late.open(error.message)), 5)
      return 1
    },
  })
  const worker = start()
  await bus.publish({ ...documentDeleted.create({ entityId: "a" }), eventType: "float", payload: {} })
  await worker.idle()
  expect(await late.promise).toMatch(/handler of "floating" has ended/)
  expect(await texts()).toEqual({})
})

const schema = { name: "documents", dimensions: 256, metric: "cosine", language: "english" } as const

test("events that are read again, as after a take-over, change nothing and cost nothing", async () => {
  const bus = new MemoryEventBus({ partitions: 2 })
  const vectors = new MemoryVectorStore()
  const first = library({ bus, vectors })
  for (const content of ["one", "two", "three"]) await first.update("a", content)
  await first.start({ group: "first" }).idle()
  // Another group with a cache of its own sees every event anew, as a worker does whose cache has lost its commits.
  const second = library({ bus, vectors })
  await second.start({ group: "second" }).idle()
  expect(await second.store.getFeature(second.docContent, "a")).toBe("three")
  expect(second.embedder.calls).toEqual([])
  expect(await first.texts()).toEqual({ a: "three" })
})

test("a dry run writes no index", async () => {
  const { store, texts } = library()
  const event = documentUpdated.create({ entityId: "a", payload: { content: "text" } })
  const { changes, failures } = await dryRun(store, event)
  expect([changes.map(({ name }) => name), failures]).toEqual([["doc_content"], []])
  await dryRun(store, documentDeleted.create({ entityId: "a" }))
  expect(await texts()).toEqual({})
})

test("a bus in memory that begins anew is not taken for the old one", async () => {
  const vectors = new MemoryVectorStore()
  const before = library({ vectors })
  for (const content of ["one", "two", "three"]) await before.update("a", content)
  const worker = before.start()
  await worker.idle()
  const after = library({ vectors })
  await after.update("a", "four")
  await after.start().idle()
  expect(await after.texts()).toEqual({ a: "four" })
})
