/** A row, by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>

/** A statement with `$1`, `$2`, … where its parameters belong. */
export interface SqlStatement {
  readonly text: string
  readonly parameters: readonly unknown[]
}

/** How long a statement may take. */
export interface SqlLimits {
  /** Milliseconds; then the database gives it up too. */
  readonly timeoutMs: number
  /** When it fires, nobody waits for the answer any longer. */
  readonly signal: AbortSignal
}

/** What a feature's query yields for one entity. */
export interface EntityValue {
  readonly entityId: string
  readonly value: unknown
}

/**
 * The offline store: the database in which an app's history is, which features are computed from. Fabra only reads it.
 *
 * Every call rejects with `offline_unavailable` when there is no answer, `timeout` when it takes too long, `query_failed`
 * when the statement is wrong or may not be run, and with the signal's reason when that fires.
 */
export interface OfflineStore {
  /** For messages and logs: `postgres`. */
  readonly name: string
  /** The rows of one statement. */
  query(statement: SqlStatement, limits: SqlLimits): Promise<SqlRow[]>
  /** Resolves when a query can be run and has the columns `entity_id` and `value`, and no others. Runs it not. */
  checkQuery(text: string, limits: SqlLimits): Promise<void>
  /**
   * What such a query yields, all of one moment, by id in the order of its bytes, in pages of `limit`, of which only the
   * last is shorter. @param options.after only ids after this one
   */
  entityValues(
    text: string,
    options: SqlLimits & { readonly after?: string | undefined; readonly limit: number },
  ): AsyncIterable<readonly EntityValue[]>
  /** Closes every connection this store has opened itself. Idempotent. */
  close(): Promise<void>
}
