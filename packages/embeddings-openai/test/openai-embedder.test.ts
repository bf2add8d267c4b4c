import { WordHashEmbedder } from "@fabra/core"
import { TestClock } from "@fabra/testing"
import { OpenAI } from "openai"
import { afterEach, expect, test } from "vitest"
import { embedderSettingsFromEnv, OpenAIEmbedder, type OpenAIEmbedderOptions } from "../src/index.js"
import { answering, cutting, type EmbeddingServer, failing, hanging, startEmbeddingServer } from "./embedding-server.js"

const DIMENSIONS = 16
const started: EmbeddingServer[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()))
})

async function setup(options: OpenAIEmbedderOptions = {}, server: Parameters<typeof startEmbeddingServer>[0] = {}) {
  const running = await startEmbeddingServer({ dimensions: DIMENSIONS, ...server })
  started.push(running)
  // Retries wait for time to be moved, unless a test says otherwise: with chance at 0 they do not wait at all.
  const clock = new TestClock()
  clock.random = () => 0
  const base = { apiKey: "sk-test", baseUrl: running.url, dimensions: DIMENSIONS, clock }
  return { server: running, clock, embedder: new OpenAIEmbedder({ ...base, ...options }) }
}

const expected = (texts: readonly string[]) => new WordHashEmbedder({ dimensions: DIMENSIONS }).embed(texts)

test.each([
  ["base64", {}],
  ["numbers, from a server that knows no base64", { asNumbers: true }],
  ["any order", { reversed: true }],
])("reads vectors in %s", async (_, how) => {
  const { embedder, server } = await setup({}, how)
  const texts = ["one", "two", "three"]
  expect(await embedder.embed(texts)).toEqual(await expected(texts))
  expect(server.asked).toEqual([
    {
      path: "/v1/embeddings",
      authorization: "Bearer sk-test",
      body: { model: "text-embedding-3-small", input: texts, encoding_format: "base64", dimensions: DIMENSIONS },
    },
  ])
})

test("asks for dimensions only models that can be asked, and only when told to", async () => {
  const small = await setup({ model: "nomic-embed-text" })
  await small.embedder.embed(["x"])
  expect(small.server.asked[0]?.body).not.toHaveProperty("dimensions")
  expect(new OpenAIEmbedder({ apiKey: "k" })).toMatchObject({ id: "text-embedding-3-small/1536", dimensions: 1536 })
  expect(new OpenAIEmbedder({ apiKey: "k", model: "text-embedding-3-large" }).dimensions).toBe(3072)
  expect(new OpenAIEmbedder({ apiKey: "k", dimensions: 256 }).id).toBe("text-embedding-3-small/256")
})

test("sends many texts in few requests, each within the limits, and keeps their order", async () => {
  const { embedder, server } = await setup()
  const texts = Array.from({ length: 5_000 }, (_, n) => `text ${n}`)
  expect(await embedder.embed(texts)).toEqual(await expected(texts))
  expect(server.asked.map(({ body }) => body.input.length).sort((a, b) => a - b)).toEqual([904, 2048, 2048])
  server.asked.length = 0
  const long = Array.from({ length: 100 }, (_, n) => `${n} ${"word ".repeat(6_000)}`)
  await embedder.embed(long)
  for (const { body } of server.asked) {
    expect(body.input.reduce((sum, text) => sum + embedder.countTokens(text), 0)).toBeLessThanOrEqual(300_000)
  }
  expect(server.asked.flatMap(({ body }) => body.input).sort()).toEqual([...long].sort())
})

test("has no more than four requests under way", async () => {
  const { embedder, server } = await setup()
  const waiting: (() => void)[] = []
  const hold = () => server.faults.push((response) => void waiting.push(() => response.destroy()))
  for (let n = 0; n < 6; n++) hold()
  const calls = Array.from({ length: 6 }, () => embedder.embed(["x"]))
  await expect.poll(() => waiting.length).toBe(4)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(server.asked).toHaveLength(4)
  server.faults.length = 0
  for (const release of waiting) release()
  await Promise.all(calls)
})

test("counts tokens as the model does, and takes what looks like a special one for text", async () => {
  const { embedder } = await setup()
  expect(embedder.countTokens("hello world")).toBe(2)
  expect(embedder.countTokens("<|endoftext|>")).toBeGreaterThan(1)
})

test.each([
  ["500", failing(500, "oops")],
  ["503", failing(503, "overloaded")],
  ["429 without a time", failing(429, "slow down")],
  ["a connection that breaks", cutting],
  [
    "a body that is no JSON",
    (response: { end(text: string): void; setHeader(a: string, b: string): void }) => {
      response.setHeader("content-type", "application/json")
      response.end("<html>")
    },
  ],
])("tries again after %s", async (_, fault) => {
  const { embedder, server } = await setup()
  server.faults.push(fault as never, fault as never)
  expect(await embedder.embed(["x"])).toEqual(await expected(["x"]))
  expect(server.asked).toHaveLength(3)
})

test("gives up after so many retries and says what was answered", async () => {
  const { embedder, server } = await setup({ maxRetries: 2 })
  for (let n = 0; n < 3; n++) server.faults.push(failing(500, "the machine is on fire"))
  await expect(embedder.embed(["x"])).rejects.toMatchObject({
    code: "embedder_unavailable",
    message: expect.stringMatching(/"text-embedding-3-small" answered 500 the machine is on fire/),
  })
  expect(server.asked).toHaveLength(3)
})

test.each([
  [400, "embedding_refused", "too long"],
  [422, "embedding_refused", "no"],
  [401, "embedder_unavailable", "wrong key"],
  [404, "embedder_unavailable", "no such model"],
])("does not try again after %i: %s", async (status, code, message) => {
  const { embedder, server } = await setup()
  server.faults.push(failing(status, message))
  await expect(embedder.embed(["x"])).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  expect(server.asked).toHaveLength(1)
})

test("does not try again when the account is empty", async () => {
  const { embedder, server } = await setup()
  server.faults.push(failing(429, "quota", {}, "insufficient_quota"))
  await expect(embedder.embed(["x"])).rejects.toMatchObject({ code: "embedder_unavailable" })
  expect(server.asked).toHaveLength(1)
})

test.each([
  ["seconds", { "retry-after": "90" }, 90_000],
  ["milliseconds", { "retry-after-ms": "1500", "retry-after": "9" }, 1_500],
  ["a date", { "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }, 60_000],
])("leaves the server alone for as long as it asks, in %s: all requests do", async (_, headers, ms) => {
  const { embedder, server, clock } = await setup()
  server.faults.push(failing(429, "later", headers))
  const first = embedder.embed(["one"])
  await expect.poll(() => server.faults.length).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const second = embedder.embed(["two"])
  await clock.advance(ms - 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(server.asked).toHaveLength(1)
  await clock.advance(1)
  expect(await Promise.all([first, second])).toEqual([await expected(["one"]), await expected(["two"])])
  expect(server.asked).toHaveLength(3)
})

test("a server that asks for a day is told at once, and asked again after two minutes", async () => {
  const { embedder, server, clock } = await setup()
  server.faults.push(failing(429, "later", { "retry-after": "86400" }))
  await expect(embedder.embed(["one"])).rejects.toMatchObject({
    code: "embedder_unavailable",
    message: expect.stringContaining("asks for 86400 s without requests; the next goes out after 120 s"),
  })
  const second = embedder.embed(["two"])
  await clock.advance(119_999)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(server.asked).toHaveLength(1)
  await clock.advance(1)
  expect(await second).toEqual(await expected(["two"]))
})

test("keeps to a budget of tokens in a minute", async () => {
  const { embedder, server, clock } = await setup({ tokensPerMinute: 100 })
  const text = "word ".repeat(49).trim()
  expect(embedder.countTokens(text)).toBe(49)
  const calls = [1, 2, 3, 4].map(() => embedder.embed([text]))
  await Promise.all(calls.slice(0, 2))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(server.asked).toHaveLength(2) // 98 of 100
  await clock.advance(28_199) // of 147 that are needed, 147 will have been earned a millisecond later
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(server.asked).toHaveLength(2)
  await clock.advance(1)
  await calls[2]
  expect(server.asked).toHaveLength(3)
  await clock.advance(60_000)
  await calls[3]
})

test("a server that hangs is not waited for without end", async () => {
  const { embedder, server } = await setup({ timeoutMs: 100, maxRetries: 1 })
  server.faults.push(hanging, hanging)
  await expect(embedder.embed(["x"])).rejects.toMatchObject({
    code: "embedder_unavailable",
    message: expect.stringMatching(/did not answer in time/),
  })
  expect(server.asked).toHaveLength(2)
})

test("a server that is not there is told by its reason", async () => {
  const { embedder, server } = await setup({ maxRetries: 0 })
  await server.stop()
  started.length = 0
  await expect(embedder.embed(["x"])).rejects.toMatchObject({
    code: "embedder_unavailable",
    message: expect.stringMatching(/cannot be reached: ECONNREFUSED/),
  })
})

test.each([
  [{ data: [] }, /0 embeddings for 1 texts/],
  [{}, /without a list/],
  [[], /without a list/],
  [{ data: [{ index: 0, embedding: "abc" }] }, /neither base64 nor/],
  [{ data: [{ index: 0 }] }, /neither base64 nor/],
  [{ data: [null] }, /neither base64 nor/],
  [{ data: [{ index: 5, embedding: [1] }] }, /neither base64 nor/],
  [{ data: [{ index: 0, embedding: [0.5, null, true, [7]] }] }, /gave null as value 1 of embedding 0/],
  [{ data: [{ index: 0, embedding: [0.5, "1"] }] }, /gave "1" as value 1 of embedding 0/],
  [{ data: [{ index: 0, embedding: [1e39] }] }, /gave 1e\+39 as value 0 of embedding 0/],
])("an answer that makes no sense is told: %j", async (body, message) => {
  const { embedder, server } = await setup()
  server.faults.push(answering(body), answering(body))
  await expect(embedder.embed(["x"])).rejects.toMatchObject({ code: "invalid_embedding" })
  await expect(embedder.embed(["x"])).rejects.toThrow(message)
})

test("whoever gives up ends the request and every wait", async () => {
  const { embedder, server, clock } = await setup({ tokensPerMinute: 100 })
  server.faults.push(hanging)
  for (const wait of ["request", "budget"]) {
    const enough = new AbortController()
    const call = embedder.embed(["word ".repeat(wait === "budget" ? 200 : 1)], { signal: enough.signal })
    if (wait === "request") await expect.poll(() => server.asked.length).toBe(1)
    enough.abort(new Error("enough"))
    await expect(call).rejects.toThrow("enough")
  }
  expect(server.asked).toHaveLength(1)
  await clock.advance(1)
})

test.each([
  [{}, /apiKey is missing/],
  [{ apiKey: "" }, /apiKey is missing/],
  [{ apiKey: "k", model: "mine" }, /"mine" are of unknown length/],
  [{ apiKey: "k", dimensions: 0 }, /dimensions is 0/],
  [{ apiKey: "k", baseUrl: "localhost:80" }, /baseUrl/],
  [{ apiKey: "k", baseUrl: "http://app:hush@models/v1" }, /^(?!.*hush).*baseUrl/],
  [{ apiKey: "k", baseUrl: "http://models/v1?key=hush" }, /^(?!.*hush).*baseUrl/],
  [{ apiKey: "hush\nhush" }, /^(?!.*hush).*apiKey/],
  [{ apiKey: "k", tokensPerMinute: 0.5 }, /tokensPerMinute/],
  [{ apiKey: "k", timeoutMs: 0 }, /timeoutMs/],
  [{ apiKey: "k", maxRetries: -1 }, /maxRetries/],
  [{ apiKey: "k", client: new OpenAI({ apiKey: "k" }) }, /name one of them/],
])("refuses %j", (options, message) => {
  expect(() => new OpenAIEmbedder(options)).toThrow(message)
})

test("uses a client that is given", async () => {
  const { server } = await setup()
  const client = new OpenAI({ apiKey: "another", baseURL: server.url })
  await new OpenAIEmbedder({ client, dimensions: DIMENSIONS }).embed(["x"])
  expect(server.asked[0]?.authorization).toBe("Bearer another")
})

test("is configured by the environment", () => {
  expect(embedderSettingsFromEnv({})).toBeUndefined()
  expect(embedderSettingsFromEnv({ OPENAI_API_KEY: "sk" })).toEqual({ apiKey: "sk" })
  const env = {
    OPENAI_BASE_URL: "http://localhost:11434/v1",
    FABRA_EMBEDDING_MODEL: "nomic-embed-text",
    FABRA_EMBEDDING_DIMENSIONS: "768",
    FABRA_EMBEDDING_TOKENS_PER_MINUTE: "1000",
  }
  expect(embedderSettingsFromEnv(env)).toEqual({
    apiKey: "none",
    baseUrl: "http://localhost:11434/v1",
    model: "nomic-embed-text",
    dimensions: 768,
    tokensPerMinute: 1000,
  })
  expect(() => embedderSettingsFromEnv({ ...env, FABRA_EMBEDDING_DIMENSIONS: "many" })).toThrow(
    /FABRA_EMBEDDING_DIMENSIONS is "many"/,
  )
})
