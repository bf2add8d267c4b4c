import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { PGlite, Transaction } from "@electric-sql/pglite"
import { FabraError } from "@fabra/events"
import { lock } from "proper-lockfile"
import type { Database, Row, Session } from "./database.js"
import { PgVectorStore } from "./pg-vector-store.js"

/** Options of {@link embeddedVectorStore}. */
export interface EmbeddedVectorStoreOptions {
  /** Where it is kept, as `.fabra`: in a folder `vectors` therein. Default: in memory, gone with the store. */
  readonly directory?: string
}

/**
 * The vector store on a Postgres inside this process (PGlite, with pgvector): the same SQL and the same migrations, with
 * nothing installed but `@electric-sql/pglite` and `@electric-sql/pglite-pgvector`. One process at a time can have a
 * directory; it is opened, and locked, with the first call.
 *
 * Calls reject with `vector_unavailable` when another process has the directory.
 */
export function embeddedVectorStore({ directory }: EmbeddedVectorStoreOptions = {}): PgVectorStore {
  return new PgVectorStore({}, new PGliteDatabase(directory))
}

/** How long, in milliseconds, a process that died keeps others out; a living one renews its lock several times in it. */
const LOCK_STALE_MS = 10_000

interface Opened {
  readonly engine: PGlite
  readonly unlock: () => Promise<void>
}

/** A Postgres in this process. */
export class PGliteDatabase implements Database {
  readonly name = "pglite"
  readonly persistent: boolean
  readonly shared = false
  readonly #directory: string | undefined
  #opened: Promise<Opened> | undefined
  #isLost = false

  constructor(directory: string | undefined) {
    this.persistent = directory !== undefined
    this.#directory = directory
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    const { rows } = await (await this.#engine()).query<Row>(sql, [...parameters])
    return rows
  }

  async transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return (await this.#engine()).transaction((transaction) => work(sessionOf(transaction)))
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    const { engine, unlock } = (await opened?.catch(() => undefined)) ?? {}
    await engine?.close()
    await unlock?.()
  }

  async #engine(): Promise<PGlite> {
    if (this.#isLost) throw new FabraError("vector_unavailable", `Another process has taken ${this.#directory}.`)
    this.#opened ??= this.#open().catch((error) => {
      this.#opened = undefined
      throw error
    })
    return (await this.#opened).engine
  }

  async #open(): Promise<Opened> {
    const [{ PGlite }, { vector }] = await Promise.all([
      import("@electric-sql/pglite"),
      import("@electric-sql/pglite-pgvector"),
    ])
    const options = { extensions: { vector } }
    if (this.#directory === undefined) return { engine: await PGlite.create(options), unlock: async () => {} }
    await mkdir(this.#directory, { recursive: true })
    const unlock = await this.#lock(this.#directory)
    try {
      return { engine: await PGlite.create(join(this.#directory, "vectors"), options), unlock }
    } catch (error) {
      await unlock()
      throw error
    }
  }

  /** PGlite itself lets two processes open one directory, and they destroy it. */
  async #lock(directory: string): Promise<() => Promise<void>> {
    try {
      return await lock(directory, {
        lockfilePath: join(directory, "vectors.lock"),
        stale: LOCK_STALE_MS,
        onCompromised: () => {
          this.#isLost = true
        },
      })
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== "ELOCKED") throw cause
      const message =
        `Another process has the vectors in ${directory}, or had it less than ${LOCK_STALE_MS / 1000} s ago and died. ` +
        "Stop it, or choose another directory."
      throw new FabraError("vector_unavailable", message, { cause })
    }
  }
}

function sessionOf(transaction: Transaction): Session {
  return {
    query: async (sql, parameters = []) => (await transaction.query<Row>(sql, [...parameters])).rows,
    execute: async (sql) => void (await transaction.exec(sql)),
  }
}
