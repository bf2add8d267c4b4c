import { checkName, checkWhole, FabraError } from "@fabra/events"
import { type Cluster, Redis } from "ioredis"

/** Where the cache lies, and how patient it is. */
export interface RedisFeatureCacheOptions {
  /** `redis://` or `rediss://` (TLS), with user, password and database as usual. Default `redis://127.0.0.1:6379`. */
  readonly url?: string | undefined
  /** Connections of your own, instead of `url`. Never closed by the cache. */
  readonly client?: Redis | Cluster
  /** First part of every key. Default `fabra`. */
  readonly namespace?: string
  /** How long one call may take, trying again included, before it fails. Default 5,000. */
  readonly commandTimeoutMs?: number
  /**
   * For how long after a commit a failure of Redis may still undo it: replication lag plus the longest split brain, or
   * the time between two fsyncs. Default 5,000 for a single server, 20,000 for a cluster.
   */
  readonly rollbackWindowMs?: number
}

/** The options, checked and completed. */
export interface CheckedOptions {
  readonly client: Redis | Cluster
  /** We made the client, so we connect and close it. */
  readonly own: boolean
  readonly namespace: string
  readonly commandTimeoutMs: number
  readonly rollbackWindowMs: number
}

/** Longest time that a timer can wait. */
const MAX_MS = 2 ** 31 - 1

/** @throws FabraError `invalid_argument`, `invalid_name` */
export function checkOptions(options: RedisFeatureCacheOptions): CheckedOptions {
  const { url, client, namespace = "fabra", commandTimeoutMs = 5_000 } = options
  checkName("namespace", namespace)
  checkWhole("commandTimeoutMs", commandTimeoutMs, [1, MAX_MS])
  if (url !== undefined && client !== undefined) {
    throw new FabraError("invalid_argument", "url and client are both given: name one of them.", { path: "url" })
  }
  if (client !== undefined) checkClient(client)
  const { rollbackWindowMs = client?.isCluster ? 20_000 : 5_000 } = options
  checkWhole("rollbackWindowMs", rollbackWindowMs, [0, MAX_MS])
  return {
    client: client ?? createClient(url ?? "redis://127.0.0.1:6379", commandTimeoutMs),
    own: client === undefined,
    namespace,
    commandTimeoutMs,
    rollbackWindowMs,
  }
}

function checkClient(client: Redis | Cluster): void {
  // Commands go to the nodes of a cluster directly, past the place where ioredis adds the prefix.
  const { keyPrefix, redisOptions } = client.options as { keyPrefix?: string; redisOptions?: { keyPrefix?: string } }
  if (!keyPrefix && !redisOptions?.keyPrefix) return
  throw new FabraError("invalid_argument", "client has a keyPrefix: use the cache's namespace instead.", {
    path: "client",
  })
}

function createClient(url: string, commandTimeoutMs: number): Redis {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    // Not shown in the message: it may hold a password.
    throw new FabraError("invalid_argument", "url must read redis://host:port or rediss://host:port.", { path: "url" })
  }
  return new Redis(url, {
    lazyConnect: true,
    connectTimeout: Math.ceil(commandTimeoutMs / 2),
    // Nothing is kept to be sent later: a call must know what became of its commands before it answers. With no retry
    // strategy a lost connection fails them at once; whoever needs it next connects anew.
    enableOfflineQueue: false,
    retryStrategy: () => null,
  })
}
