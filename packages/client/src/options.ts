/** Options of `createClient`. */
export interface ClientOptions {
  /** Where the server is, as `http://localhost:8000`. */
  readonly url: string
  /** Sent with every request. */
  readonly apiKey?: string | undefined
  /** The longest one try may take, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number
  /** Further tries when the server is away, busy or full. Default 3. */
  readonly maxRetries?: number
  /** The first retry waits up to this many milliseconds, each further one up to twice as long. Default 100. */
  readonly retryBaseMs?: number
  /** Default the global one. */
  readonly fetch?: typeof fetch
}

/** Options of every call. */
export interface CallOptions {
  /** Gives up. An event may then be taken or not: send it again under its id. */
  readonly signal?: AbortSignal
}
