import { randomUUID } from "node:crypto"
import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { PGLiteSocketServer } from "@electric-sql/pglite-socket"
import type { Database } from "../src/database.js"
import { PgVectorStore, type PgVectorStoreOptions } from "../src/index.js"
import { PGliteDatabase } from "../src/pglite.js"

/** A name for a Postgres schema that nobody else has. */
export function newSchema(): string {
  return `test_${randomUUID()}`
}

/** One PGlite for a whole test file, since each takes seconds and 400 MB: stores on it have a schema each. */
export class SharedPGlite {
  readonly database = new PGliteDatabase(undefined)

  store(options: PgVectorStoreOptions = {}): PgVectorStore {
    const { name, persistent, shared } = this.database
    const lent: Database = {
      ...{ name, persistent, shared },
      query: this.database.query.bind(this.database),
      transaction: this.database.transaction.bind(this.database),
      close: async () => {},
    }
    return new PgVectorStore({ schema: newSchema(), ...options }, lent)
  }

  close(): Promise<void> {
    return this.database.close()
  }
}

/** A server that speaks Postgres, for tests of the driver: the real one that is named, or PGlite behind a socket. */
export interface TestPostgres {
  readonly url: string
  /** It has sessions of its own, which run side by side; PGlite has one, which all connections share. */
  readonly isReal: boolean
  store(options?: PgVectorStoreOptions): PgVectorStore
  stop(): Promise<void>
}

export async function startPostgres(): Promise<TestPostgres> {
  const url = process.env.FABRA_TEST_POSTGRES_URL
  const storeAt = (at: string) => (options: PgVectorStoreOptions) =>
    new PgVectorStore({ url: at, schema: newSchema(), ...options })
  if (url) return { url, isReal: true, store: (options = {}) => storeAt(url)(options), stop: async () => {} }
  const engine = await PGlite.create({ extensions: { vector } })
  const server = new PGLiteSocketServer({ db: engine, port: 0, maxConnections: 100 })
  await server.start()
  const local = `postgres://postgres@${server.getServerConn()}/postgres`
  return {
    url: local,
    isReal: false,
    store: (options = {}) => storeAt(local)(options),
    async stop() {
      await server.stop()
      await engine.close()
    },
  }
}
