/** Options of `createClient`. */
export interface ClientOptions {
  /** Where the server is, as `http://localhost:8000`; a path is fine, a user, a password or a query is refused. */
  readonly url: string
  /** Sent with every request: visible ASCII characters. */
  readonly apiKey?: string | undefined
  /** The longest one try may take, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Further tries when the server is away, busy or full. Default 3. */
  readonly maxRetries?: number | undefined
  /** The first retry waits up to this many milliseconds, each further one up to twice as long. Default 100. */
  readonly retryBaseMs?: number | undefined
  /** Default the global one. */
  readonly fetch?: typeof fetch | undefined
}

/** Options of every call. */
export interface CallOptions {
  /** Gives up. An event may then be taken or not: send it again under its id. */
  readonly signal?: AbortSignal | undefined
}

/** Options of waiting for an event's effects. */
export interface WaitOptions extends CallOptions {
  /** Answer when the event's features are applied, with their values. */
  readonly wait: "applied"
  /** The longest to wait for that, in milliseconds, up to 30,000. Default 2,000. */
  readonly waitMs?: number | undefined
}

/** Options of reading features. */
export interface ReadOptions extends CallOptions {
  /** Values that were computed longer ago than this, in whole milliseconds, are marked `STALE`. */
  readonly maxAgeMs?: number | undefined
  /** JSON, for features that are computed when they are read. */
  readonly input?: Readonly<Record<string, unknown>> | undefined
}

/** Options of a list that is told page by page. */
export interface PageOptions extends CallOptions {
  /** `next` of the page before. Default: from the beginning. */
  readonly after?: string | undefined
  /** 1 to 1,000. Default 100. */
  readonly limit?: number | undefined
}
