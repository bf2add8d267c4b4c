import { randomUUID } from "node:crypto"
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
      name,
      persistent,
      shared,
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
