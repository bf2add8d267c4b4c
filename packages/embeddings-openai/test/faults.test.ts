// What the embedding server does wrong, seen from the end: the index.
import { FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { defineEvent, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import { afterEach, expect, test } from "vitest"
import { OpenAIEmbedder } from "../src/index.js"
import {
  answering,
  type EmbeddingServer,
  type Fault,
  failing,
  hanging,
  startEmbeddingServer,
} from "./embedding-server.js"

const DIMENSIONS = 16
const documentUpdated = defineEvent<{ content: string }>("document_updated")
const ended: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

async function library() {
  const server: EmbeddingServer = await startEmbeddingServer({ dimensions: DIMENSIONS })
  const embedder = new OpenAIEmbedder({
    apiKey: "k",
    baseUrl: server.url,
    dimensions: DIMENSIONS,
    maxRetries: 0,
    timeoutMs: 200,
  })
  const store = new FeatureStore({ cache: new MemoryFeatureCache(), embedder })
  store.vectorIndex("documents")
  const Document = store.entity("Document", { key: "doc_id" })
  store.feature("doc_content", {
    entity: Document,
    trigger: documentUpdated,
    maxRetries: 2,
    compute: async (docId, event) => {
      await store.index("documents", docId, event.payload.content)
      return event.payload.content
    },
  })
  const bus = new MemoryEventBus()
  const worker = new AxiomWorker(store, {
    bus,
    logger: silent,
    retryBaseMs: 1,
    retryMaxMs: 5,
  })
  worker.run().catch(() => {})
  ended.push(
    () => worker.stop(),
    () => server.stop(),
  )
  const update = async (content: string) => {
    await bus.publish(documentUpdated.create({ entityId: "one", payload: { content } }))
    await worker.idle()
  }
  const texts = async () => (await store.search("documents", { text: "text" })).map(({ text }) => text)
  return { bus, server, update, texts }
}

const wrongLength = answering({ data: [{ index: 0, embedding: [1, 2, 3] }] })
const faults: [string, Fault, string, RegExp][] = [
  ["429", failing(429, "slow down", { "retry-after-ms": "5" }), "embedder_unavailable", /answered 429 slow down/],
  ["500", failing(500, "on fire"), "embedder_unavailable", /answered 500 on fire/],
  ["nonsense", answering({ hello: "world" }), "invalid_embedding", /without a list of embeddings/],
  ["vectors of another length", wrongLength, "invalid_embedding", /3 dimensions instead of 16/],
  ["nothing at all", hanging, "embedder_unavailable", /did not answer in time/],
  ["a refusal", failing(400, "too long"), "embedding_refused", /answered 400 too long/],
]

test.each(faults)("a server that answers %s for a while loses nothing", async (_, fault) => {
  const { bus, server, update, texts } = await library()
  await update("first text")
  server.faults.push(fault, fault)
  await update("second text")
  expect(await texts()).toEqual(["second text"])
  expect((await bus.deadLetters.stats()).count).toBe(0)
})

test.each(faults)(
  "a server that answers %s for ever leaves the old text and a dead letter that says so",
  async (...args) => {
    const [, fault, , message] = args
    const { bus, server, update, texts } = await library()
    await update("first text")
    server.faults.push(fault, fault, fault)
    await update("second text")
    expect(await texts()).toEqual(["first text"])
    const { entries } = await bus.deadLetters.list()
    expect(entries).toMatchObject([
      { entityId: "one", features: ["doc_content"], attempts: 3, error: { name: "FabraError" } },
    ])
    expect(entries[0]?.error.message).toMatch(message)
    // Newer text comes; the old event, replayed, does not set it back.
    await update("third text")
    await bus.deadLetters.replay(entries.map(({ id }) => id))
    await update("third text")
    expect(await texts()).toEqual(["third text"])
  },
)
