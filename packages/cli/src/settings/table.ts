import { MAX_PARTITIONS } from "@fabra/events/adapter"
import { apiKey } from "../serve/api-keys.js"
import type { Kind } from "./kinds.js"
import {
  headerText,
  httpAddress,
  list,
  name,
  oneOf,
  orWord,
  path,
  redisAddresses,
  seconds,
  text,
  url,
  wholeNumber,
} from "./kinds.js"

/** A setting of the command: where it is given, what it may be, what it is when it is not given. */
export interface Setting<Value = unknown, Default extends Value | undefined = Value | undefined> {
  /** Environment variable. */
  readonly env: `FABRA_${string}` | `OPENAI_${string}`
  /** Flag, as commander spells it. */
  readonly flag: string
  readonly kind: Kind<Value>
  readonly default: Default
  /** What is told of the default where it is not a value. */
  readonly defaultText?: string
  /** Never shown whole, nor repeated in an error. */
  readonly secret?: boolean
  readonly description: string
}

/** Where Redis is when nobody says, as for `RedisEventBus`. */
export const DEFAULT_REDIS_URL = "redis://localhost:6379"

/** Where a worker's metrics are when nobody says: the port that Prometheus exporters of OpenTelemetry have. */
export const DEFAULT_METRICS_PORT = 9464

const setting = <Value, const Default extends Value>(one: Setting<Value, Default>) => one
/** A setting without a default. */
const optional = <Value>(one: Omit<Setting<Value, undefined>, "default">): Setting<Value, undefined> => ({
  ...one,
  default: undefined,
})

/**
 * Every setting there is. Flags, environment variables, `fabra config`, help and docs/configuration.md are made from
 * this table.
 */
export const settings = {
  features: optional({
    env: "FABRA_FEATURES",
    flag: "--features <file>",
    kind: path,
    defaultText: "features.ts, else src/features.ts",
    description: "your module that exports a FeatureStore",
  }),
  redisUrl: optional({
    env: "FABRA_REDIS_URL",
    flag: "--redis-url <url>",
    kind: redisAddresses,
    defaultText: `${DEFAULT_REDIS_URL} for worker, serve, schedule, group and doctor; others ask the HTTP API then`,
    secret: true,
    description: "the Redis that holds events and feature values; several addresses: nodes of one Redis Cluster",
  }),
  redisCa: optional({
    env: "FABRA_REDIS_CA",
    flag: "--redis-ca <file>",
    kind: path,
    description: "PEM file of the authority that signed the certificate of Redis, for rediss://",
    defaultText: "those that Node trusts",
  }),
  namespace: setting({
    env: "FABRA_NAMESPACE",
    flag: "--namespace <name>",
    kind: name("namespace"),
    default: "fabra",
    description: "first part of every key in Redis",
  }),
  partitions: optional({
    env: "FABRA_BUS_PARTITIONS",
    flag: "--partitions <n>",
    kind: wholeNumber(1, MAX_PARTITIONS),
    defaultText: "what the namespace has; 16 for a new one",
    description: "partitions of the event log, fixed when a namespace is first used",
  }),
  dedupeWindow: setting({
    env: "FABRA_BUS_DEDUPE_WINDOW",
    flag: "--dedupe-window <s>",
    kind: seconds(0, 604_800),
    default: 120,
    description: "how long a second event of one event_id is recognised",
  }),
  retention: setting({
    env: "FABRA_BUS_RETENTION",
    flag: "--retention <s>",
    kind: seconds(0, 31_536_000),
    default: 3_600,
    description: "how long events stay at least after every group has settled them",
  }),
  maxEvents: setting({
    env: "FABRA_BUS_MAX_EVENTS",
    flag: "--max-events <n>",
    kind: wholeNumber(1, 1_000_000_000),
    default: 1_000_000,
    description: "most events that one partition holds; those that every group has settled make way for more",
  }),
  replicas: setting({
    env: "FABRA_BUS_REPLICAS",
    flag: "--replicas <what>",
    kind: oneOf("auto", "required", "optional"),
    default: "auto",
    description: "an event is read once a replica has it: where one was seen, always, or while there is one",
  }),
  postgresUrl: optional({
    env: "FABRA_POSTGRES_URL",
    flag: "--postgres-url <url>",
    kind: url("postgres", "postgresql"),
    defaultText: "none: documents are kept in the memory of one process",
    secret: true,
    description: "the Postgres that SQL in features asks; with pgvector it holds indexed documents, but in dev",
  }),
  openaiApiKey: optional({
    env: "OPENAI_API_KEY",
    flag: "--openai-api-key <key>",
    kind: headerText,
    defaultText: "none: vectors are made here, of words alone",
    secret: true,
    description: "key for the embeddings of OpenAI; an embedder of your store's own goes before",
  }),
  openaiBaseUrl: optional({
    env: "OPENAI_BASE_URL",
    flag: "--openai-base-url <url>",
    kind: httpAddress("give the key as OPENAI_API_KEY"),
    defaultText: "https://api.openai.com/v1",
    secret: true,
    description: "a server that speaks OpenAI's API; one of your own may do without a key",
  }),
  embeddingModel: optional({
    env: "FABRA_EMBEDDING_MODEL",
    flag: "--embedding-model <name>",
    kind: text,
    defaultText: "text-embedding-3-small",
    description: "model that OpenAI, or such a server, makes vectors with",
  }),
  embeddingDimensions: optional({
    env: "FABRA_EMBEDDING_DIMENSIONS",
    flag: "--embedding-dimensions <n>",
    kind: wholeNumber(1, 100_000),
    defaultText: "the model's own",
    description: "length of these vectors",
  }),
  embeddingTokensPerMinute: optional({
    env: "FABRA_EMBEDDING_TOKENS_PER_MINUTE",
    flag: "--embedding-tokens-per-minute <n>",
    kind: wholeNumber(1, 1_000_000_000),
    defaultText: "no limit",
    description: "most tokens one process sends in a minute; what would be more waits",
  }),
  host: setting({
    env: "FABRA_HOST",
    flag: "--host <address>",
    kind: text,
    default: "127.0.0.1",
    description: "address the HTTP API listens on, and the metrics of workers",
  }),
  port: setting({
    env: "FABRA_PORT",
    flag: "--port <n>",
    kind: wholeNumber(0, 65_535),
    default: 8000,
    description: "port of the HTTP API; 0: any free one",
  }),
  apiKeys: optional({
    env: "FABRA_API_KEYS",
    flag: "--api-keys <keys>",
    kind: list(apiKey),
    defaultText: "none: only this machine may call",
    secret: true,
    description: "who may call the HTTP API, as `fabra api-key` prints it",
  }),
  serverUrl: optional({
    env: "FABRA_SERVER_URL",
    flag: "--server-url <url>",
    kind: httpAddress("give the key as FABRA_API_KEY"),
    defaultText: "Redis (of search: Postgres) where it is named, else http://127.0.0.1:8000",
    secret: true,
    description: "HTTP API that publish, get, search, watch, dlq and lag talk to",
  }),
  apiKey: optional({
    env: "FABRA_API_KEY",
    flag: "--api-key <key>",
    kind: headerText,
    defaultText: "none",
    secret: true,
    description: "key those commands show to the HTTP API",
  }),
  group: setting({
    env: "FABRA_WORKER_CONSUMER_GROUP",
    flag: "--group <name>",
    kind: name("group"),
    default: "fabra_workers",
    description: "consumer group; its workers share the events",
  }),
  workerName: optional({
    env: "FABRA_WORKER_NAME",
    flag: "--name <name>",
    kind: name("worker"),
    defaultText: "in a container its host name; else made up",
    description: "of this worker alone: a restarted one takes its partitions back at once",
  }),
  batchSize: setting({
    env: "FABRA_WORKER_BATCH_SIZE",
    flag: "--batch-size <n>",
    kind: wholeNumber(1, 10_000),
    default: 100,
    description: "events a worker takes at once",
  }),
  pollInterval: setting({
    env: "FABRA_WORKER_POLL_INTERVAL",
    flag: "--poll-interval <s>",
    kind: seconds(0.001, 3_600),
    default: 1,
    description: "longest wait of a worker for an event; one that arrives ends it",
  }),
  eventTypes: optional({
    env: "FABRA_WORKER_EVENT_TYPES",
    flag: "--event-type <names>",
    kind: list(name("event")),
    defaultText: "all",
    description: "only what these events trigger; needs a group of its own",
  }),
  processes: setting({
    env: "FABRA_WORKER_PROCESSES",
    flag: "--processes <n>",
    kind: wholeNumber(1, 256),
    default: 1,
    description: "worker processes; one that dies is started again",
  }),
  metricsPort: optional({
    env: "FABRA_WORKER_METRICS_PORT",
    flag: "--metrics-port <n>",
    kind: orWord("off", wholeNumber(0, 65_535)),
    defaultText: `${DEFAULT_METRICS_PORT}, or any free one if it is taken, for this machine alone`,
    description: "port of /metrics, one page for all processes; 0: any free one; off: no metrics",
  }),
  drain: setting({
    env: "FABRA_WORKER_DRAIN",
    flag: "--drain <s>",
    kind: seconds(0, 3_600),
    default: 10,
    description: "how long a stopping worker may finish what it has begun",
  }),
  watchdog: setting({
    env: "FABRA_WORKER_WATCHDOG",
    flag: "--watchdog <s>",
    kind: seconds(0, 3_600),
    default: 30,
    description: "a worker whose handlers block it so long is killed, so that others take over; 0: never",
  }),
  futureEvents: setting({
    env: "FABRA_WORKER_FUTURE_EVENTS",
    flag: "--future-events <what>",
    kind: oneOf("accept", "clamp", "refuse"),
    default: "accept",
    description: "events from over a minute ahead: as they are, at the time of acceptance, or to the dead letters",
  }),
  onDeadLetter: setting({
    env: "FABRA_WORKER_ON_DEAD_LETTER",
    flag: "--on-dead-letter <what>",
    kind: oneOf("continue", "halt-entity"),
    default: "continue",
    description: "whether an entity's later events are applied while one of them is a dead letter",
  }),
}

/** Key of a setting in {@link settings}. */
export type SettingName = keyof typeof settings

type ValueOf<One> =
  One extends Setting<infer Value, infer Default> ? (Default extends undefined ? Value | undefined : Value) : never

/** Values of settings, read and checked. */
export type Settings<Name extends SettingName = SettingName> = {
  readonly [One in Name]: ValueOf<(typeof settings)[One]>
}
