import { FabraError } from "@fabra/events"
import pg from "pg"

/** Which database, and what may be done in it. */
export interface PostgresOfflineStoreOptions {
  /** `postgres://user:password@host:port/database`. Default: what `PGHOST` and its like say, as everywhere in Postgres. */
  readonly url?: string | undefined
  /** A pool of your own, instead of `url`. Never closed by the store. */
  readonly pool?: pg.Pool
  /** Whether every statement is run in a read-only transaction. Default true; handlers may be run more than once. */
  readonly readOnly?: boolean
}

/** Most connections of a pool that is ours; who needs one more waits. */
const MAX_CONNECTIONS = 10
const CONNECT_TIMEOUT_MS = 10_000

/** The pool, and whether to close it. @throws FabraError `invalid_argument` */
export function openPool({ url, pool }: PostgresOfflineStoreOptions): {
  readonly pool: pg.Pool
  readonly own: boolean
} {
  const refuse = (message: string) => new FabraError("invalid_argument", message, { path: "url" })
  if (url !== undefined && pool !== undefined) throw refuse("url and pool are both given: name one of them.")
  if (pool !== undefined) return { pool, own: false }
  if (url !== undefined && !(/^postgres(ql)?:\/\//.test(url) && URL.canParse(url))) {
    // Not shown in the message: it may hold a password.
    throw refuse("url must read postgres://user:password@host:port/database.")
  }
  const ours = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "fabra",
  })
  // A connection that breaks while nobody uses it is replaced when somebody needs one.
  ours.on("error", () => {})
  return { pool: ours, own: true }
}
