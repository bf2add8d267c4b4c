import { consoleLogger, type FeatureCache, type Logger } from "@fabra/core"
import { type EventBus, FabraError } from "@fabra/events"
import { checkName, checkWhole, isLoopback, show } from "@fabra/events/adapter"
import { type ApiKey, KeyRing } from "./access/api-keys.js"
import type { AppliedFeed } from "./watch/feed.js"

/** What `/metrics` serves; `@fabra/metrics` makes one. */
export interface MetricsSource {
  readonly contentType: string
  text(): Promise<string>
  /** Told of each request that was answered; `route` is a pattern, as `/ingest/:event_type`, or `undefined` for none. */
  requestEnded?(request: {
    readonly method: string
    readonly route: string | undefined
    readonly status: number
    readonly durationMs: number
  }): void
}

/** Options of `createServer`. */
export interface ServerOptions {
  /** Where events go. Default: the store's bus, which it must then have. The server does not close it. */
  readonly bus?: EventBus | undefined
  /** Where values are. Default: the store's own cache. The server does not close it. */
  readonly cache?: FeatureCache
  /** Address to listen at. Default `127.0.0.1`. Any but a loopback address needs {@link apiKeys}. */
  readonly host?: string
  /** Default 8000. 0: any that is free. */
  readonly port?: number
  /** Who may do what. Default: nobody is asked, which is refused unless {@link host} is a loopback address. */
  readonly apiKeys?: readonly ApiKey[]
  /** Most requests of one key in a minute. 1 to 10,000,000. Default 60,000; without keys there is no limit. */
  readonly maxRequestsPerMinute?: number
  /** Web pages of these origins, such as `https://app.example.com`, may call the server. Default none. */
  readonly corsOrigins?: readonly string[]
  /** Consumer group of the workers that compute this store's features. Default `fabra_workers`. */
  readonly group?: string
  /** Whether events that trigger no feature of the store are taken. Default: they are refused, with the nearest names. */
  readonly acceptUnknownEvents?: boolean
  /** The longest one call of bus or cache, or one search, may take, in milliseconds; then the answer is 503. Default 5,000. */
  readonly deadlineMs?: number
  /** Largest body in bytes; of NDJSON, largest line. Default 1 MiB. */
  readonly maxBodyBytes?: number
  /** How long a closing server may finish what it has begun, in milliseconds. Default 10,000. */
  readonly drainMs?: number
  /** What `/metrics` serves. Default: there is no such page. */
  readonly metrics?: MetricsSource
  /** What `GET /watch` tells its clients. Default: there is no such route. The server does not close it. */
  readonly feed?: AppliedFeed
  /** Most clients of `GET /watch` at once; each costs up to 1 MiB when it does not read. 1 to 10,000. Default 100. */
  readonly maxWatchers?: number
  /** Default: warnings and errors to standard error. */
  readonly logger?: Logger
}

/** Options with every default filled in. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly keys: KeyRing
  readonly maxRequestsPerMinute: number
  readonly corsOrigins: readonly string[]
  readonly group: string
  readonly acceptUnknownEvents: boolean
  readonly deadlineMs: number
  readonly maxBodyBytes: number
  readonly drainMs: number
  readonly metrics: MetricsSource | undefined
  readonly feed: AppliedFeed | undefined
  readonly maxWatchers: number
  readonly logger: Logger
}

/** @throws FabraError `invalid_setting` or `invalid_name`, naming the option */
export function resolveSettings(options: ServerOptions): Settings {
  const settings: Settings = {
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 8000,
    keys: new KeyRing(options.apiKeys ?? []),
    maxRequestsPerMinute: options.maxRequestsPerMinute ?? 60_000,
    corsOrigins: options.corsOrigins ?? [],
    group: options.group ?? "fabra_workers",
    acceptUnknownEvents: options.acceptUnknownEvents ?? false,
    deadlineMs: options.deadlineMs ?? 5000,
    maxBodyBytes: options.maxBodyBytes ?? 1024 * 1024,
    drainMs: options.drainMs ?? 10_000,
    metrics: options.metrics,
    feed: options.feed,
    maxWatchers: options.maxWatchers ?? 100,
    logger: options.logger ?? consoleLogger,
  }
  checkName("group", settings.group)
  checkWhole("port", settings.port, [0, 65_535], "invalid_setting")
  checkWhole("maxRequestsPerMinute", settings.maxRequestsPerMinute, [1, 10_000_000], "invalid_setting")
  checkWhole("deadlineMs", settings.deadlineMs, [1, 3_600_000], "invalid_setting")
  checkWhole("maxBodyBytes", settings.maxBodyBytes, [1024, 1024 ** 3], "invalid_setting")
  checkWhole("maxWatchers", settings.maxWatchers, [1, 10_000], "invalid_setting")
  checkWhole("drainMs", settings.drainMs, [0, 3_600_000], "invalid_setting")
  for (const [i, origin] of settings.corsOrigins.entries()) checkOrigin(origin, `corsOrigins[${i}]`)
  if (settings.keys.size === 0 && !isLoopback(settings.host)) {
    throw new FabraError(
      "invalid_setting",
      `host is ${show(settings.host)}, where others can reach it, and there are no API keys: ` +
        "set apiKeys, or listen at 127.0.0.1.",
      { path: "host" },
    )
  }
  return settings
}

function checkOrigin(origin: string, path: string): void {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return
  const message = `${path} is ${show(origin)}: it must be an origin such as https://app.example.com, without a path.`
  throw new FabraError("invalid_setting", message, { path })
}
