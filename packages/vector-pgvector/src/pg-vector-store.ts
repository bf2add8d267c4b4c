import type { VectorStore } from "@fabra/core"
import {
  checkDocuments,
  checkLength,
  type DocumentRemoval,
  type DocumentState,
  type DocumentWrite,
  type IndexSchema,
  type VectorCapabilities,
  type VectorDocument,
  type VectorHit,
  type VectorQuery,
} from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type { Database, TimeLeft } from "./database.js"
import { isRefused, toFabraError } from "./errors.js"
import { catalogSql, type OpenIndex, openIndex } from "./migrate/catalog.js"
import { migrate } from "./migrate/migrate.js"
import { checkOptions, type PgVectorStoreOptions } from "./options.js"
import { escapeText } from "./sql/escape.js"
import { toHit, toState } from "./sql/rows.js"
import { EXACT, isStarved, searchSettings, searchSql } from "./sql/search-sql.js"
import { MAX_DIMENSIONS } from "./sql/vector-type.js"
import { removalJson, upsertCalls, type Write } from "./sql/writes.js"

const PAUSE_MS = 50
const MAX_PAUSE_MS = 1_000

/**
 * The vector store on Postgres with pgvector: a table of chunks with an HNSW index for each index, and one of documents that
 * tells which event wrote them.
 *
 * Connects with the first call, rides out lost connections and restarts within `timeoutMs` of each call, and then fails
 * with `vector_unavailable`. Makes nothing but by `migrate`.
 */
export class PgVectorStore implements VectorStore {
  readonly capabilities: VectorCapabilities
  readonly #database: Database
  readonly #schema: string
  readonly #timeoutMs: number
  readonly #open = new Map<string, Promise<OpenIndex>>()
  #isClosed = false

  /**
   * Checks the options and connects to nothing.
   * @param database used by `@fabra/vector-pgvector/embedded`
   * @throws FabraError `invalid_argument`, `invalid_name`
   */
  constructor(options: PgVectorStoreOptions = {}, database?: Database) {
    const checked = checkOptions(options, database)
    this.#database = checked.database
    this.#schema = checked.schema
    this.#timeoutMs = checked.timeoutMs
    const { name, persistent, shared } = checked.database
    this.capabilities = { name, persistent, shared, migrates: true, maxDimensions: MAX_DIMENSIONS }
  }

  async migrate(indexes: readonly IndexSchema[]): Promise<string[]> {
    const asLongAsItNeeds = () => undefined
    return this.#retry("migrate", () =>
      this.#database.transaction((session) => migrate(session, this.#schema, indexes), asLongAsItNeeds),
    )
  }

  async find(index: IndexSchema, entityIds: readonly string[]): Promise<(DocumentState | undefined)[]> {
    return this.#try("look documents up", index, async ({ id }, timeLeft) => {
      const sql = `select entity_id, source, "position", written_outside, content_hash
        from ${this.#schema}.documents where index_id = $1 and entity_id = any($2::text[])`
      const rows = await this.#database.query(sql, [id, entityIds.map(escapeText)], timeLeft)
      const states = new Map(rows.map(toState))
      return entityIds.map((entityId) => states.get(entityId))
    })
  }

  async upsert(index: IndexSchema, documents: readonly VectorDocument[]): Promise<DocumentWrite[]> {
    checkDocuments(index, documents)
    const outcomes: DocumentWrite[] = []
    for (const writes of upsertCalls(documents)) outcomes.push(...(await this.#write(index, writes)))
    return outcomes
  }

  async remove(index: IndexSchema, removals: readonly DocumentRemoval[]): Promise<DocumentWrite[]> {
    return removals.length === 0 ? [] : this.#write(index, removals.map(removalJson))
  }

  async search(index: IndexSchema, query: VectorQuery): Promise<VectorHit[]> {
    if (query.vector !== null) checkLength(index, query.vector, "The vector searched for")
    return this.#try("search", index, async ({ table, pgvector }, timeLeft) => {
      const { text, values } = searchSql(table, index, query)
      if (query.vector === null) return (await this.#database.query(text, values, timeLeft)).map(toHit)
      return this.#database.transaction(async (session) => {
        await session.execute(searchSettings(pgvector, query))
        const rows = await session.query(text, values)
        if (!isStarved(rows, query)) return rows.map(toHit)
        await session.execute(EXACT)
        return (await session.query(text, values)).map(toHit)
      }, timeLeft)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#database.close()
  }

  #write(index: IndexSchema, writes: readonly Write[]): Promise<DocumentWrite[]> {
    return this.#try("write documents", index, async ({ id }, timeLeft) => {
      const sql = `select outcome from ${this.#schema}.write_documents($1::int, $2::jsonb) order by place`
      const rows = await this.#database.query(sql, [id, JSON.stringify(writes)], timeLeft)
      return rows.map(({ outcome }) => outcome as DocumentWrite)
    })
  }

  async #try<Result>(
    doing: string,
    index: IndexSchema,
    work: (open: OpenIndex, timeLeft: TimeLeft) => Promise<Result>,
  ): Promise<Result> {
    return this.#retry(doing, async (timeLeft) => {
      try {
        return await work(await this.#openIndex(index, timeLeft), timeLeft)
      } catch (error) {
        // What was known of the index may have changed with everything else.
        this.#open.delete(keyOf(index))
        throw error
      }
    })
  }

  /** Runs `work`, again and again while the database is away, until the time is up. Whatever it does can be done twice. */
  async #retry<Result>(doing: string, work: (timeLeft: TimeLeft) => Promise<Result>): Promise<Result> {
    const end = performance.now() + this.#timeoutMs
    const timeLeft = () => Math.ceil(end - performance.now())
    for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      if (this.#isClosed) throw new FabraError("vector_unavailable", "The vector store is closed.")
      try {
        return await work(timeLeft)
      } catch (cause) {
        // What is not the driver's will not mend by itself.
        if (cause instanceof FabraError) throw cause
        const error = toFabraError(doing, cause)
        const mayPass = error.code === "vector_unavailable" && !isRefused(cause)
        if (!mayPass || timeLeft() <= pause || this.#isClosed) throw error
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  }

  async #openIndex(index: IndexSchema, timeLeft: TimeLeft): Promise<OpenIndex> {
    let open = this.#open.get(keyOf(index))
    if (open === undefined) {
      open = this.#database
        .query(catalogSql(this.#schema), [index.name], timeLeft)
        .then(([row]) => openIndex(this.#schema, index, row))
      this.#open.set(keyOf(index), open)
    }
    return open
  }
}

function keyOf({ name, dimensions, metric, embedder, language }: IndexSchema): string {
  return JSON.stringify([name, dimensions, metric, embedder, language])
}
