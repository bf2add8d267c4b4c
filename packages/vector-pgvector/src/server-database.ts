import pg from "pg"
import type { Database, Row, Session, TimeLeft } from "./database.js"

/** Most connections of a pool that is ours. */
const MAX_CONNECTIONS = 10

/** A Postgres server, through a pool of connections. */
export class ServerDatabase implements Database {
  readonly name = "pgvector"
  readonly persistent = true
  readonly shared = true
  readonly #pool: pg.Pool
  readonly #own: boolean
  #closing: Promise<void> | undefined

  /** @param source a pool of the caller's, which is never closed here, or the address for one of our own */
  constructor(source: pg.Pool | string, connectTimeoutMs: number) {
    this.#own = typeof source === "string"
    this.#pool =
      typeof source === "string"
        ? new pg.Pool({
            connectionString: source,
            max: MAX_CONNECTIONS,
            connectionTimeoutMillis: connectTimeoutMs,
            keepAlive: true,
            application_name: "fabra",
          })
        : source
    // A connection that breaks while nobody uses it is replaced when somebody needs one.
    if (this.#own) this.#pool.on("error", () => {})
  }

  async query(sql: string, parameters: readonly unknown[], timeLeft: TimeLeft): Promise<Row[]> {
    return this.#withClient((client) => ask(client, sql, parameters, timeLeft))
  }

  async transaction<Result>(work: (session: Session) => Promise<Result>, timeLeft: TimeLeft): Promise<Result> {
    return this.#withClient(async (client) => {
      const run = (sql: string, parameters: readonly unknown[] = []) => ask(client, sql, parameters, timeLeft)
      const session: Session = { query: run, execute: async (sql) => void (await run(sql)) }
      await run("begin")
      const result = await work(session)
      await run("commit")
      return result
    })
  }

  /** A connection on which something has failed may be in the middle of anything: it is closed, not used again. */
  async #withClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    // While it is out, its breaking is told by whatever waits for it.
    const ignore = () => {}
    client.on("error", ignore)
    try {
      const result = await work(client)
      client.off("error", ignore)
      client.release()
      return result
    } catch (error) {
      client.release(true)
      throw error
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#own ? this.#pool.end() : Promise.resolve()
    return this.#closing
  }
}

async function ask(
  client: pg.PoolClient,
  text: string,
  parameters: readonly unknown[],
  timeLeft: TimeLeft,
): Promise<Row[]> {
  const ms = timeLeft()
  if (ms !== undefined && ms <= 0) throw new Error("Query read timeout")
  const values = parameters.length === 0 ? {} : { values: [...parameters] }
  const limit = ms === undefined ? {} : { query_timeout: ms }
  // The driver takes a limit for each query, which its types do not know of.
  const query: pg.QueryConfig = { text, ...values, ...limit } as pg.QueryConfig
  const { rows } = await client.query<Row>(query)
  return rows
}
