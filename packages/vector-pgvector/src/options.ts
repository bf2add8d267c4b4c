import { FabraError } from "@fabra/events"
import { checkName, checkWhole, show } from "@fabra/events/adapter"
import type { Pool } from "pg"
import type { Database } from "./database.js"
import { ServerDatabase } from "./server-database.js"

/** Where the vectors lie, and how patient the store is. */
export interface PgVectorStoreOptions {
  /** `postgres://user:password@host:port/database`. Default: what `PGHOST` and its like say, as everywhere in Postgres. */
  readonly url?: string | undefined
  /** A pool of your own, instead of `url`. Never closed by the store. */
  readonly pool?: Pool
  /** The Postgres schema that everything lies in. Default `fabra`. */
  readonly schema?: string
  /**
   * How long one call may take, trying again included, before it fails; 1 to 600,000 milliseconds, default 20,000.
   * `migrate` takes as long as it needs.
   */
  readonly timeoutMs?: number
}

/** The options, checked and completed. */
export interface CheckedOptions {
  readonly database: Database
  /** Quoted. */
  readonly schema: string
  readonly timeoutMs: number
}

/** @throws FabraError `invalid_argument`, `invalid_name` */
export function checkOptions(options: PgVectorStoreOptions, database?: Database): CheckedOptions {
  const { url, pool, schema = "fabra", timeoutMs = 20_000 } = options
  checkName("schema", schema)
  const refuse = (path: string, message: string) => new FabraError("invalid_argument", message, { path })
  // Postgres would cut it off, and two could become one.
  if (schema.length > 63) throw refuse("schema", `schema is ${show(schema)}: it must be at most 63 characters.`)
  checkWhole("timeoutMs", timeoutMs, [1, 600_000])
  if (url !== undefined && pool !== undefined) throw refuse("url", "url and pool are both given: name one of them.")
  if (url !== undefined && !(/^postgres(ql)?:\/\//.test(url) && URL.canParse(url))) {
    // Not shown in the message: it may hold a password.
    throw refuse("url", "url must read postgres://user:password@host:port/database.")
  }
  return {
    database: database ?? new ServerDatabase(pool ?? url ?? "", Math.ceil(timeoutMs / 2)),
    schema: `"${schema}"`,
    timeoutMs,
  }
}
