import { checkSchema, type IndexSchema } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type { Session } from "../database.js"
import { vectorSql } from "../sql/vector-type.js"
import { newer, toSchema } from "./catalog.js"
import { MIGRATIONS } from "./migrations.js"

/** Any number that nobody else takes for a lock of theirs: one at a time brings a database up. */
const LOCK = 7_264_901_337

/** Brings the schema up and makes what is missing of the indexes; in one transaction. Returns what was done. */
export async function migrate(session: Session, schema: string, indexes: readonly IndexSchema[]): Promise<string[]> {
  await session.query(`select pg_advisory_xact_lock(${LOCK})`)
  await session.execute(`
    create schema if not exists ${schema};
    create table if not exists ${schema}.migrations
      (version int primary key, what text not null, applied_at timestamptz not null default now())`)
  const done = [...(await bringUp(session, schema))]
  for (const index of indexes) done.push(...(await makeIndex(session, schema, index)))
  return done
}

async function bringUp(session: Session, schema: string): Promise<string[]> {
  const [row] = await session.query(`select coalesce(max(version), 0)::int as version from ${schema}.migrations`)
  const from = row?.version as number
  if (from > MIGRATIONS.length) throw newer(schema, from)
  const done: string[] = []
  if (from === 0) await session.execute("create extension if not exists vector")
  for (const { version, what, sql } of MIGRATIONS.slice(from)) {
    await session.execute(sql(schema))
    await session.query(`insert into ${schema}.migrations (version, what) values ($1, $2)`, [version, what])
    done.push(`Migration ${version}: ${what}.`)
  }
  return done
}

async function makeIndex(session: Session, schema: string, index: IndexSchema): Promise<string[]> {
  const { name, dimensions, metric, embedder, language } = index
  const [known] = await session.query(`select * from ${schema}.indexes where name = $1`, [name])
  if (known !== undefined) checkSchema(toSchema(known), index)
  const [row] = known
    ? [known]
    : await session.query(
        `insert into ${schema}.indexes (name, dimensions, metric, embedder, language)
         values ($1, $2, $3, $4, $5) returning id`,
        [name, dimensions, metric, embedder, language],
      )
  const chunks = `chunks_${row?.id}`
  const done: string[] = []
  if (known === undefined) {
    await makeTable(session, schema, chunks, index)
    done.push(`Made the index "${name}" (${vectorSql(index).type}, ${metric}) in ${schema}.${chunks}.`)
  }
  // Whoever loads much at once may drop it first: it is quicker to make than to keep up.
  const [there] = await session.query("select to_regclass($1)::text as there", [`${schema}.${chunks}_embedding`])
  if (there?.there === null) {
    await session.execute(
      `create index ${chunks}_embedding on ${schema}.${chunks} using hnsw (embedding ${vectorSql(index).ops})`,
    )
    if (known !== undefined) done.push(`Made the HNSW index of "${name}" anew.`)
  }
  return done
}

async function makeTable(session: Session, schema: string, chunks: string, index: IndexSchema): Promise<void> {
  const { name, language } = index
  const [found] = await session.query("select 1 from pg_ts_config where cfgname = $1", [language])
  if (found === undefined) {
    const message = `Index "${name}": Postgres knows no language "${language}". See pg_ts_config for those it does.`
    throw new FabraError("invalid_argument", message, { path: "language" })
  }
  await session.execute(`
    create table ${schema}.${chunks} (
      entity_id text collate "C" not null,
      chunk int not null,
      "text" text not null,
      start_at int not null,
      end_at int not null,
      metadata jsonb not null,
      event_time timestamptz,
      indexed_at timestamptz not null,
      embedding ${vectorSql(index).type} not null,
      words tsvector not null generated always as (to_tsvector('${language}', "text")) stored,
      primary key (entity_id, chunk)
    );
    comment on table ${schema}.${chunks} is 'The chunks of the index "${name}".';
    create index ${chunks}_words on ${schema}.${chunks} using gin (words);
    create index ${chunks}_metadata on ${schema}.${chunks} using gin (metadata jsonb_path_ops)`)
}
