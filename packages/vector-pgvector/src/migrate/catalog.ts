import { checkSchema, type IndexSchema } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type { Row } from "../database.js"
import { LATEST } from "./migrations.js"

/** An index as it is there. */
export interface OpenIndex {
  readonly id: number
  /** Of its chunks, quoted. */
  readonly table: string
  /** Version of the extension. */
  readonly pgvector: string
}

/** Reads what is known of one index: `$1` its name. One row, with nulls where there is no such index. */
export function catalogSql(schema: string): string {
  return `select m.version, e.extversion, i.id, i.name, i.dimensions, i.metric, i.embedder, i.language
    from (select max(version) as version from ${schema}.migrations) m
    left join pg_extension e on e.extname = 'vector'
    left join ${schema}.indexes i on i.name = $1::text`
}

/** @throws FabraError `not_migrated`, `index_mismatch` */
export function openIndex(schema: string, asked: IndexSchema, row: Row | undefined): OpenIndex {
  checkVersion(schema, Number(row?.version ?? 0))
  if (typeof row?.id !== "number") {
    throw new FabraError("not_migrated", `The index "${asked.name}" is not there yet. Run migrate first.`)
  }
  checkSchema(toSchema(row), asked)
  return { id: row.id, table: `${schema}.chunks_${row.id}`, pgvector: String(row.extversion) }
}

/** An index's row as the schema it was made with. */
export function toSchema({ name, dimensions, metric, embedder, language }: Row): IndexSchema {
  return { name, dimensions, metric, embedder, language } as IndexSchema
}

function checkVersion(schema: string, version: number): void {
  if (version === LATEST) return
  if (version > LATEST) throw newer(schema, version)
  const message = `The schema ${schema} is at version ${version}; this one needs ${LATEST}. Run migrate first.`
  throw new FabraError("not_migrated", message)
}

/** The schema was brought up by code that knows more than this. */
export function newer(schema: string, version: number): FabraError {
  const message = `The schema ${schema} is at version ${version}, made by a newer Fabra; this one knows ${LATEST}.`
  return new FabraError("not_migrated", message)
}
