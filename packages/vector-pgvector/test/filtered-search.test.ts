import type { IndexSchema, VectorDocument, VectorHit } from "@fabra/core/adapter"
import { type PostgresTestDatabase, startPostgres } from "@fabra/testing"
import pg from "pg"
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest"
import { PgVectorStore } from "../src/index.js"

const SCHEMA: IndexSchema = {
  name: "documents",
  dimensions: 2,
  metric: "cosine",
  embedder: "none",
  language: "english",
}
const COUNT = 1_000
const RARE = ["at 199", "at 399", "at 599", "at 799", "at 999"]

/** The n-th of a quarter circle, beginning with what is searched for; a few are marked. */
function document(n: number): VectorDocument {
  const angle = (n / COUNT) * (Math.PI / 2)
  const text = "a word"
  return {
    entityId: `at ${n}`,
    version: null,
    contentHash: "",
    eventTime: null,
    indexedAt: 0,
    metadata: { mark: RARE.includes(`at ${n}`) ? "rare" : "usual" },
    chunks: [{ text, start: 0, end: text.length, vector: Float32Array.of(Math.cos(angle), Math.sin(angle)) }],
  }
}

let postgres: PostgresTestDatabase

beforeAll(async () => {
  postgres = await startPostgres()
  const store = new PgVectorStore({ url: postgres.url })
  await store.migrate([SCHEMA])
  await store.upsert(
    SCHEMA,
    Array.from({ length: COUNT }, (_, n) => document(n)),
  )
  await store.close()
})
afterAll(() => postgres.stop())

/** So small a table would be read from end to end; a large one is not. */
const AS_IF_LARGE = "set enable_seqscan = off; set enable_bitmapscan = off"

/** What is found of the marked ones, and how often the index was passed by. */
async function findRare(settings: string, text: string | null = null) {
  const pool = new pg.Pool({ connectionString: postgres.url, max: 1 })
  onTestFinished(() => pool.end())
  await pool.query(settings)
  const { rows } = await pool.query(
    "explain select * from fabra.chunks_1 where metadata @> '{}' order by embedding <=> '[1,0]' limit 5",
  )
  expect(JSON.stringify(rows)).toContain("chunks_1_embedding") // the index is what is searched
  const asked = vi.spyOn(pg.Client.prototype, "query")
  const hits: VectorHit[] = await new PgVectorStore({ pool }).search(SCHEMA, {
    vector: Float32Array.of(1, 0),
    text,
    topK: RARE.length,
    efSearch: null,
    filter: { op: "in", field: "mark", values: ["rare"] },
  })
  const passed = asked.mock.calls.filter(([query]) => JSON.stringify(query).includes("enable_indexscan")).length
  asked.mockRestore()
  return { ids: hits.map(({ entityId }) => entityId), passed }
}

test("a filter leaves no search short: the index is read on until there are enough", async () => {
  expect(await findRare(`${AS_IF_LARGE}; set hnsw.max_scan_tuples = 20000`)).toEqual({ ids: RARE, passed: 0 })
})

test("where the index gives up before that, every row is looked at", async () => {
  const givesUp = `${AS_IF_LARGE}; set hnsw.max_scan_tuples = 200`
  expect(await findRare(givesUp)).toEqual({ ids: RARE, passed: 1 })
  expect(await findRare(givesUp, "word")).toEqual({ ids: RARE, passed: 1 })
})
