import type { EntityValue, OfflineStore, SqlRow } from "@fabra/core"
import type { SqlLimits, SqlStatement } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import type pg from "pg"
import { openPool, type PostgresOfflineStoreOptions } from "./options.js"
import { Transaction } from "./transaction.js"

const COLUMNS = ["entity_id", "value"]

/**
 * The offline store on a Postgres server. Each statement is run in a transaction of its own, which is read-only, with the
 * time it may take told to the server. `int8` and `numeric` come as numbers, `timestamp` is taken for UTC, `date` as text.
 */
export class PostgresOfflineStore implements OfflineStore {
  readonly name = "postgres"
  readonly #pool: pg.Pool
  readonly #own: boolean
  readonly #readOnly: boolean
  #closing: Promise<void> | undefined

  /** Connects with the first use. @throws FabraError `invalid_argument` */
  constructor(options: PostgresOfflineStoreOptions = {}) {
    const { pool, own } = openPool(options)
    this.#pool = pool
    this.#own = own
    this.#readOnly = options.readOnly ?? true
  }

  query({ text, parameters }: SqlStatement, limits: SqlLimits): Promise<SqlRow[]> {
    return this.#transact(limits, async (transaction) => (await transaction.ask(text, parameters)).rows)
  }

  checkQuery(text: string, limits: SqlLimits): Promise<void> {
    return this.#transact(limits, (transaction) => checkColumns(transaction, strip(text)))
  }

  async *entityValues(
    text: string,
    { after, limit, ...limits }: SqlLimits & { readonly after?: string | undefined; readonly limit: number },
  ): AsyncGenerator<readonly EntityValue[]> {
    const query = strip(text)
    const transaction = await Transaction.begin(this.#pool, this.#readOnly, limits)
    try {
      await checkColumns(transaction, query)
      await transaction.ask(
        `declare fabra_values no scroll cursor for
         select entity_id::text as entity_id, value from (\n${query}\n) as fabra_query
         where $1::text is null or entity_id is null or entity_id::text collate "C" > $1
         order by entity_id::text collate "C" nulls first`,
        [after ?? null],
      )
      for (let isLast = false; !isLast; ) {
        const { rows } = await transaction.ask(`fetch ${limit} from fabra_values`)
        isLast = rows.length < limit
        if (rows.length > 0) yield rows.map(toEntityValue)
      }
      await transaction.commit()
    } finally {
      transaction.close()
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#own ? this.#pool.end() : Promise.resolve()
    return this.#closing
  }

  async #transact<Result>(limits: SqlLimits, work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const transaction = await Transaction.begin(this.#pool, this.#readOnly, limits)
    try {
      const result = await work(transaction)
      await transaction.commit()
      return result
    } finally {
      transaction.close()
    }
  }
}

async function checkColumns(transaction: Transaction, query: string): Promise<void> {
  const { fields } = await transaction.ask(`select * from (\n${query}\n) as fabra_query limit 0`)
  const names = fields.map(({ name }) => name).sort()
  if (names.length === COLUMNS.length && names.every((name, i) => name === COLUMNS[i])) return
  const message = `The query yields the columns ${names.join(", ") || "(none)"}: it must yield ${COLUMNS.join(" and ")}.`
  throw new FabraError("query_failed", message, { allowed: COLUMNS })
}

function toEntityValue({ entity_id, value }: SqlRow): EntityValue {
  if (typeof entity_id === "string") return { entityId: entity_id, value }
  const message = "The query yields a row without entity_id: leave those out, as with where … is not null."
  throw new FabraError("query_failed", message)
}

/** Without the semicolon that it may end with, so that it can be part of another. */
function strip(query: string): string {
  return query.trim().replace(/;+$/, "")
}
