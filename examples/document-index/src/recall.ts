// How much of what an exact search finds does the HNSW index find? On 10,000 windows of this repository's texts.

import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { WordHashEmbedder } from "@fabra/core"
import { textsOf } from "./texts.js"

const COUNT = 10_000
const QUERIES = 100
const TOP = 10
const DIMENSIONS = 128

const embedder = new WordHashEmbedder({ dimensions: DIMENSIONS })
const lines = textsOf(/\.(md|ts|mjs)$/).flatMap(({ content }) =>
  content.split("\n").filter((line) => line.trim() !== ""),
)
const windows = [...new Set(lines.map((_, i) => lines.slice(i, i + 4).join("\n")))].slice(0, COUNT + QUERIES)
const vectors = await embedder.embed(windows)
const spell = (one: Float32Array) => `[${one.join(",")}]`

const engine = await PGlite.create({ extensions: { vector } })
await engine.exec(`create extension vector; create table chunks (id int primary key, embedding vector(${DIMENSIONS}))`)
for (let i = 0; i < COUNT; i += 1000) {
  const part = vectors.slice(i, Math.min(i + 1000, COUNT)).map(spell)
  await engine.query(
    `insert into chunks select n + ${i}, v::vector from unnest($1::text[]) with ordinality as t(v, n)`,
    [part],
  )
}
await engine.exec("create index on chunks using hnsw (embedding vector_cosine_ops); set hnsw.ef_search = 100")

let found = 0
for (const one of vectors.slice(COUNT, COUNT + QUERIES)) {
  const ids = async () => {
    const sql = `select id from chunks order by embedding <=> $1::vector limit ${TOP}`
    return (await engine.query<{ id: number }>(sql, [spell(one)])).rows.map(({ id }) => id)
  }
  await engine.exec("set enable_indexscan = off")
  const exact = new Set(await ids())
  await engine.exec("set enable_indexscan = on; set enable_seqscan = off")
  found += (await ids()).filter((id) => exact.has(id)).length
  await engine.exec("set enable_seqscan = on")
}
const recall = found / (QUERIES * TOP)
console.log(`recall@${TOP} on ${COUNT} vectors: ${recall.toFixed(3)}`)
await engine.close()
process.exitCode = recall >= 0.95 ? 0 : 1
