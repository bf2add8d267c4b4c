import type { SqlRow } from "@fabra/core"
import type { SqlLimits } from "@fabra/core/adapter"
import type pg from "pg"
import { toFabraError } from "./errors.js"
import { types } from "./types.js"

/** What the driver takes for each query and its types do not know of. */
type Query = pg.QueryConfig & { readonly query_timeout: number; readonly queryMode?: "extended" }

/** Beyond the server's own limit, so that a network that swallows everything ends too. */
const GRACE_MS = 1000

/** One transaction, on a connection of its own. */
export class Transaction {
  readonly #client: pg.PoolClient
  readonly #limits: SqlLimits
  #committed = false

  private constructor(client: pg.PoolClient, limits: SqlLimits) {
    this.#client = client
    this.#limits = limits
    // While it is out, its breaking is told by whatever waits for it.
    client.on("error", ignore)
  }

  /** To be closed whatever comes. @throws FabraError as all here: `offline_unavailable`, `timeout`, `query_failed` */
  static async begin(pool: pg.Pool, readOnly: boolean, limits: SqlLimits): Promise<Transaction> {
    const { signal, timeoutMs } = limits
    signal.throwIfAborted()
    const connecting = pool.connect()
    let client: pg.PoolClient
    try {
      client = await untilAborted(connecting, signal)
    } catch (error) {
      connecting.then((late) => late.release()).catch(ignore)
      throw signal.aborted ? signal.reason : toFabraError(error, timeoutMs)
    }
    const transaction = new Transaction(client, limits)
    try {
      const ms = Math.max(1, Math.ceil(timeoutMs))
      await transaction.#run({ text: `begin${readOnly ? " read only" : ""}; set local statement_timeout to ${ms}` })
      return transaction
    } catch (error) {
      transaction.close()
      throw error
    }
  }

  /** One statement. What looks like several is refused: the driver sends it as one. */
  async ask(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<SqlRow>> {
    return this.#run({ text, values: [...values], types, queryMode: "extended" })
  }

  async commit(): Promise<void> {
    await this.#run({ text: "commit" })
    this.#committed = true
  }

  /** Gives the connection back; one that was not committed may be in the middle of anything, and is closed instead. */
  close(): void {
    this.#client.off("error", ignore)
    if (!this.#committed) this.#client.on("error", ignore)
    this.#client.release(!this.#committed)
  }

  async #run(query: Omit<Query, "query_timeout">): Promise<pg.QueryResult<SqlRow>> {
    const { signal, timeoutMs } = this.#limits
    signal.throwIfAborted()
    const config: Query = { ...query, query_timeout: timeoutMs + GRACE_MS }
    try {
      return await untilAborted(this.#client.query<SqlRow>(config), signal)
    } catch (error) {
      throw signal.aborted ? signal.reason : toFabraError(error, timeoutMs)
    }
  }
}

function ignore(): void {}

/** Settles as `promise` does, or rejects when the signal fires. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener("abort", abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })
}
