import { appendFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { FeatureStore, MemoryVectorStore, WordHashEmbedder } from "@fabra/core"
import { type PostgresTestDatabase, startPostgres, startRedisServer } from "@fabra/testing"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import type { Check } from "../src/doctor/check.js"
import { pgvectorCheck } from "../src/doctor/postgres-checks.js"
import { DocumentAdapters, type Place } from "../src/project/documents.js"
import { fabra, spawned } from "./fabra.js"
import { copyOf, start } from "./with-the-test.js"

let postgres: PostgresTestDatabase
let postgresUrl: string

beforeAll(async () => {
  postgres = await startPostgres()
  const url = new URL(postgres.url)
  url.password ||= "hush"
  postgresUrl = url.href
})
afterAll(() => postgres.stop())

const none = {
  openaiApiKey: undefined,
  openaiBaseUrl: undefined,
  embeddingModel: undefined,
  embeddingDimensions: undefined,
  embeddingTokensPerMinute: undefined,
}

/** Connects a store with an index. */
async function connect(
  settings: object,
  { place, store = new FeatureStore() }: { place?: Place; store?: FeatureStore },
) {
  store.vectorIndex("documents")
  const documents = new DocumentAdapters({ ...none, ...settings }, place)
  onTestFinished(() => documents[Symbol.asyncDispose]())
  await documents.connect(store)
  return { name: store.vectors.capabilities.name, embedder: store.embedder.id }
}

test("the first row of the table that holds says where documents are, and the key what makes vectors", async () => {
  const words = new WordHashEmbedder()
  expect(await connect({}, {})).toEqual({ name: "memory", embedder: words.id })
  expect(await connect({}, { place: "inThisProcess" })).toMatchObject({ name: "pglite" })
  const openai = {
    postgresUrl,
    openaiApiKey: "sk-none",
    embeddingModel: "text-embedding-3-large",
    embeddingDimensions: 8,
  }
  const { name, embedder } = await connect(openai, {})
  expect(name).toBe("pgvector")
  expect(embedder).toMatch(/text-embedding-3-large.*8/)
})

test("what a store brought of its own stays; a vector store beside FABRA_POSTGRES_URL is refused", async () => {
  const vectors = new MemoryVectorStore()
  const embedder = new WordHashEmbedder({ dimensions: 16 })
  const store = () => new FeatureStore({ vectors, embedder })
  const own = store()
  expect(await connect({ openaiApiKey: "sk-none" }, { place: "inThisProcess", store: own })).toMatchObject({
    embedder: embedder.id,
  })
  expect(own.vectors).toBe(vectors)
  await expect(connect({ postgresUrl }, { store: store() })).rejects.toThrow("leave FABRA_POSTGRES_URL out")
})

test("for a store without an index nothing is opened", async () => {
  const store = new FeatureStore()
  const documents = new DocumentAdapters({ ...none, postgresUrl: "no address" })
  await documents.connect(store)
  await documents[Symbol.asyncDispose]()
  store.connect({ vectors: new MemoryVectorStore() })
})

test("dev keeps documents in this process, while its features file changes too", async () => {
  const file = await copyOf("documents.ts")
  const dev = start(["dev", file, "--port", "0"], { env: { FABRA_POSTGRES_URL: "postgres://127.0.0.1:1/x" } })
  const [, url = ""] = await dev.says(/ API +(http:\S+)/)
  const publish = (type: string, payload: object) =>
    fabra(["publish", type, "--entity", "fox", "--payload", JSON.stringify(payload)], {
      env: { FABRA_SERVER_URL: url },
    })
  await publish("written", { text: "Foxes are quick.", lang: "en" })
  await dev.says(/length = 16/)
  await appendFile(file, "// changed\n")
  await dev.says(/loaded anew/)
  await publish("asked", { text: "quick foxes" })
  await dev.says(/found = "fox of pglite"/)
  const search = (index: string) =>
    fabra(["search", index, "quick foxes", "--filter", '{"lang": "en"}', "--json"], { env: { FABRA_SERVER_URL: url } })
  expect(JSON.parse((await search("documents")).stdout)).toMatchObject({
    ...{
      index: "documents",
      hits: [{ entity_id: "fox", chunk: 0, text: "Foxes are quick.", metadata: { lang: "en" } }],
    },
  })
  expect(await search("documnts")).toMatchObject({ code: 5, stderr: expect.stringContaining("unknown_index") })
})

test("worker, migrate and search on Postgres", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const env = {
    FABRA_REDIS_URL: redis.url,
    FABRA_NAMESPACE: redis.namespace(),
    FABRA_FEATURES: "documents.ts",
    FABRA_POSTGRES_URL: postgresUrl,
  }
  const run = (...args: string[]) => fabra(args, { env })
  const doctor = async () =>
    (JSON.parse((await run("doctor", "--json")).stdout) as Check[]).filter(({ name }) =>
      /postgres|pgvector|index/.test(name),
    )
  expect(await doctor()).toMatchObject([
    {
      name: "postgres",
      status: "ok",
      found: expect.stringMatching(/:\*\*\*@\S+:\d+\/\w+ \(\d+/),
    },
    { name: "pgvector", status: "fail", mend: expect.stringMatching(/^fabra migrate/) },
  ])
  expect(await run("search", "documents", "foxes")).toMatchObject({
    ...{ code: 1, stdout: "" },
    stderr: expect.stringContaining("Run migrate first."),
  })
  expect(await spawned(["migrate"], { env })).toMatchObject({
    ...{ code: 0, stderr: "" },
    stdout: expect.stringMatching(/^Migration 1: .*\nMigration 2: .*\nMade the index "documents" .*\n$/),
  })
  const again = await run("migrate", "--json")
  expect(JSON.parse(again.stdout)).toEqual({ indexes: ["documents"], done: [] })
  expect(await doctor()).toMatchObject([
    { name: "postgres", status: "ok" },
    { name: "pgvector", status: "ok", found: expect.stringMatching(/^\d+\.\d+/) },
    { name: "index", status: "ok", found: "documents is there" },
  ])
  const other = await fabra(["doctor", "--json"], { env: { ...env, OPENAI_API_KEY: "sk-none" } })
  expect(JSON.parse(other.stdout)).toContainEqual(
    expect.objectContaining({ name: "index", status: "fail", mend: expect.stringMatching(/^give it a new name/) }),
  )

  const worker = start(["worker"], { env })
  for (const [id, lang] of [
    ["fox", "en"],
    ["fuchs", "de"],
  ]) {
    await run(
      "publish",
      "written",
      "--entity",
      id as string,
      "--payload",
      JSON.stringify({ text: "quick foxes", lang }),
    )
  }
  await worker.says(/"entity_id":"fuchs"[^\n]*"features_updated"/)
  await worker.says(/"entity_id":"fox"[^\n]*"features_updated"/)
  const found = await spawned(["search", "documents", "quick foxes", "--filter", '{"lang": "en"}'], { env })
  expect(found.stdout).toBe(
    'document  chunk  score  text           metadata\nfox       0      1.000  "quick foxes"  {"lang":"en"}\n',
  )
  const few = ["--top-k", "1", "--ef-search", "200"]
  const one = await run("search", "documents", "foxes", ...few, "--mode", "hybrid", "--json")
  expect(JSON.parse(one.stdout)).toMatchObject({
    index: "documents",
    hits: [{ chunk: 0, event_time: expect.any(String) }],
  })
  expect(await run("search", "documnts", "foxes")).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("documents"),
  })
  expect(await run("search", "documents", "foxes", "--filter", "{oops")).toMatchObject({ code: 2 })
  const read = await run("get", "Document", "any", "closest", "--input", '{"text": "foxes"}', "--json")
  expect(JSON.parse(read.stdout)).toMatchObject({
    features: { closest: { value: expect.stringMatching(/^fox|fuchs$/) } },
  })
})

test("SQL in features asks Postgres, which doctor looks at", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const env = { FABRA_REDIS_URL: redis.url, FABRA_NAMESPACE: redis.namespace(), FABRA_FEATURES: "queries.ts" }
  const withPostgres = { env: { ...env, FABRA_POSTGRES_URL: postgresUrl } }
  expect(await fabra(["worker"], { env })).toMatchObject({
    ...{ code: 2, stderr: expect.stringMatching(/Feature "spent" is SQL: it needs .* set FABRA_POSTGRES_URL/) },
  })
  expect((await fabra(["doctor"], { env })).stdout).toMatch(/^fail {2}postgres +not used, but there is SQL: spent\n/m)
  expect((await fabra(["doctor"], withPostgres)).stdout).toMatch(
    /^fail {2}query +spent: Postgres refuses the query: relation "purchases" does not exist/m,
  )
  await postgres.query(
    "create table purchases as select 'user_1' as user_id, 40 as amount union all select 'user_1', 2",
  )
  const { stdout } = await fabra(["doctor"], withPostgres)
  expect(stdout).toMatch(/^ok {4}query +spent can be run$/m)
  expect(stdout).not.toMatch(/pgvector/)

  const worker = start(["worker"], withPostgres)
  await fabra(["publish", "purchase", "--entity", "user_1", "--payload", "{}"], withPostgres)
  await worker.says(/"features_updated":\["last_amount"\]/)
  const asked = async (...more: string[]) =>
    JSON.parse((await fabra(["get", "User", "user_1", ...more, "--json"], withPostgres)).stdout).features
  expect(await asked("share", "--input", '{"of": 84}')).toMatchObject({ share: { value: 0.5 } })
  expect(await fabra(["get", "User", "user_1", "--input", "[84]"], withPostgres)).toMatchObject({ code: 2 })
  const value = () => asked("spent", "last_amount")
  while ((await value()).spent.status === "MISSING") {}
  expect(await value()).toMatchObject({ spent: { value: 42 }, last_amount: { value: 40 } })
})

test("without Postgres there is nothing to migrate", async () => {
  const inMemory = await fabra(["migrate", "documents.ts"])
  expect(inMemory).toMatchObject({ code: 2, stderr: expect.stringContaining("set FABRA_POSTGRES_URL") })
  const noIndex = await fabra(["migrate", "my_features.ts"])
  expect(noIndex).toMatchObject({ code: 0, stdout: "Nothing to do: my_features.ts defines no index.\n" })
})

test("a Postgres that refuses the login is asked once, and told as what it is", async () => {
  let asked = 0
  const refusing = createServer((client) => {
    client
      .on("error", () => {})
      .once("data", () => {
        asked++
        const fields = Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed for user "app"\0\0')
        const length = Buffer.alloc(4)
        length.writeInt32BE(fields.length + 4)
        client.end(Buffer.concat([Buffer.from("E"), length, fields]))
      })
  })
  await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void refusing.close())
  const { port } = refusing.address() as AddressInfo
  const env = { FABRA_POSTGRES_URL: `postgres://app:hush@127.0.0.1:${port}/x` }
  expect((await fabra(["doctor", "documents.ts"], { env })).stdout).toMatch(
    /^fail {2}postgres .*: password authentication failed .*\n +→ correct the user, the password or the database/m,
  )
  asked = 0
  expect(await fabra(["migrate", "documents.ts"], { env })).toMatchObject({
    code: 4,
    stderr: 'error: Postgres refuses the login: password authentication failed for user "app".\n',
  })
  expect(asked).toBe(1)
})

test("doctor tells a Postgres that does not answer, and one that is not named", async () => {
  const env = { FABRA_POSTGRES_URL: "postgres://app:hush@127.0.0.1:1/x" }
  const { code, stdout } = await fabra(["doctor", "documents.ts"], { env })
  expect(stdout).toMatch(
    /^fail {2}postgres +postgres:\/\/app:\*{3}@127\.0\.0\.1:1\/x: .*\n +→ start Postgres, or correct/m,
  )
  expect(code).toBe(1)
  const unset = await fabra(["doctor", "documents.ts"])
  expect(unset.stdout).toMatch(
    /^warn {2}postgres +not used: 1 index kept in the memory .*\n +→ set FABRA_POSTGRES_URL/m,
  )
})

test.each([
  [null, null, "fail", "install it on the server"],
  [null, "0.8.0", "fail", "fabra migrate"],
  ["0.4.4", "0.8.0", "fail", "ALTER EXTENSION vector UPDATE"],
  ["0.7.4", "0.8.0", "warn", "ALTER EXTENSION vector UPDATE"],
  ["0.8.0", "0.8.0", "ok", undefined],
  ["1.0.0", "1.0.0", "ok", undefined],
])("pgvector %s where %s is available", (there, available, status, mend) => {
  const check = pgvectorCheck(there, available)
  expect(check.status).toBe(status)
  if (mend === undefined) expect(check.mend).toBeUndefined()
  else expect(check.mend).toContain(mend)
})
