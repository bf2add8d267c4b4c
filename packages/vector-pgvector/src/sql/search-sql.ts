import { fusionDepth, type IndexSchema, RANK_CONSTANT, type VectorQuery } from "@fabra/core/adapter"
import type { Row } from "../database.js"
import { escapeText } from "./escape.js"
import { filterSql, Parameters } from "./filter-sql.js"
import { spellVector, vectorSql } from "./vector-type.js"

/** A statement and its parameters. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

const MILLISECONDS = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`
const COLUMNS = `entity_id, chunk, "text", start_at, end_at, metadata, ${MILLISECONDS("event_time")} event_time, ${MILLISECONDS("indexed_at")} indexed_at`

/** The one statement that answers a query. */
export function searchSql(table: string, index: IndexSchema, query: VectorQuery): Statement {
  const parameters = new Parameters()
  const { vector, text, topK, filter } = query
  const where = filter === null ? "true" : filterSql(filter, parameters)
  const search = { table, index, where, parameters }
  const near = vector === null ? undefined : nearest(search, vector)
  const spoken = text === null ? undefined : matching(search, text)
  const one = near ?? spoken ?? never()
  const both = near !== undefined && spoken !== undefined
  const statement = both ? fused(search, near, spoken, topK) : `${one} limit ${parameters.add(topK)}::int`
  return { text: statement, values: parameters.values }
}

/** Where a statement searches, and the parameters it has so far. */
interface Search {
  readonly table: string
  readonly index: IndexSchema
  /** A condition that every hit meets. */
  readonly where: string
  readonly parameters: Parameters
}

function nearest({ table, index, where, parameters }: Search, vector: Float32Array): string {
  const { distance, score } = vectorSql(index)
  const from = distance(parameters.add(spellVector(vector)))
  return `select ${COLUMNS}, ${score(from)} score from ${table} where ${where} order by ${from}`
}

/** Chunks that have any of the words: with all of them asked for, a question in a sentence would find nothing. */
function matching({ table, index, where, parameters }: Search, text: string): string {
  const words = `plainto_tsquery('${index.language}', ${parameters.add(escapeText(text))}::text)`
  const any = `(select replace(${words}::text, ' & ', ' | ')::tsquery as words)`
  return `select ${COLUMNS}, ts_rank(${table}.words, any_word.words)::float8 score
    from ${table} cross join ${any} any_word
    where ${table}.words @@ any_word.words and ${where}
    order by score desc, entity_id, chunk`
}

function fused({ table, parameters }: Search, near: string, spoken: string, topK: number): string {
  const depth = `${parameters.add(fusionDepth(topK))}::int`
  const ranked = (list: string, order: string) =>
    `select entity_id, chunk, 1.0::float8 / (${RANK_CONSTANT} + row_number() over (order by ${order})) share
     from (${list} limit ${depth}) list`
  return `with near as materialized (${near} limit ${depth}), shares as (
      ${ranked("select * from near", "score desc")}
      union all
      ${ranked(spoken, "score desc, entity_id, chunk")}
    ), best as (
      select entity_id, chunk, sum(share) score from shares group by entity_id, chunk
      order by score desc, entity_id, chunk limit ${parameters.add(topK)}::int
    )
    select ${COLUMNS}, score, (select count(*)::int from near) near from best join ${table} using (entity_id, chunk) order by score desc, entity_id, chunk`
}

function never(): never {
  throw new TypeError("A query has a vector, a text or both.")
}

/** Candidates that are looked at when nothing else is said; pgvector's own 40 find too little in larger indexes. */
const DEFAULT_EF_SEARCH = 100
const MAX_EF_SEARCH = 1_000

/** How many that are near are wanted: without words, as many as hits. */
function wanted({ topK, text }: VectorQuery): number {
  return text === null ? topK : fusionDepth(topK)
}

/** What is set for one search by vector. Before 0.8, pgvector looks at its candidates and filters what is left of them. */
export function searchSettings(pgvector: string, query: VectorQuery): string {
  const candidates = Math.min(MAX_EF_SEARCH, Math.max(query.efSearch ?? DEFAULT_EF_SEARCH, wanted(query)))
  const settings = [`set local hnsw.ef_search = ${candidates}`]
  const [major = 0, minor = 0] = pgvector.split(".").map(Number)
  // Strict: in the order of distance, as hits are promised.
  if (major > 0 || minor >= 8) settings.push("set local hnsw.iterative_scan = strict_order")
  else if (query.filter !== null) settings.push(EXACT)
  return settings.join("; ")
}

/** Every row is looked at: slow and right. */
export const EXACT = "set local enable_indexscan = off; set local enable_seqscan = on"

/** An iterative scan, too, gives up after 20,000 rows: what the filter lets through may lie beyond them. */
export function isStarved(rows: readonly Row[], query: VectorQuery): boolean {
  const near = query.text === null ? rows.length : Number(rows[0]?.near ?? 0)
  return query.filter !== null && near < wanted(query)
}
