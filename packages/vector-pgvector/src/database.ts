/** One connection, for the time of a transaction. */
export interface Session {
  /** One statement with parameters. */
  query(sql: string, parameters?: readonly unknown[]): Promise<Row[]>
  /** Statements without parameters, in one round trip. */
  execute(sql: string): Promise<void>
}

/** A row as the driver gives it: `jsonb` parsed, `float8` and `int4` as numbers. */
export type Row = Readonly<Record<string, unknown>>

/** How long a call may still take, in milliseconds; `undefined`: as long as it needs. */
export type TimeLeft = () => number | undefined

/** A Postgres database: a server, or one in this process. Errors are the driver's. */
export interface Database {
  /** `pgvector` or `pglite`; for messages and logs. */
  readonly name: string
  readonly persistent: boolean
  readonly shared: boolean
  query(sql: string, parameters: readonly unknown[], timeLeft: TimeLeft): Promise<Row[]>
  /** Runs statements in one transaction, committed when `work` resolves. */
  transaction<Result>(work: (session: Session) => Promise<Result>, timeLeft: TimeLeft): Promise<Result>
  /** Idempotent. */
  close(): Promise<void>
}
