import type { Clock, Timer } from "@fabra/events"
import { type Cluster, Redis, type RedisOptions } from "ioredis"

/**
 * What every connection of the bus is like, whatever the client was like that it is made from. We decide what is sent
 * again after a lost connection, because only we know what is idempotent: so nothing is queued for later, and what was
 * in flight fails at once.
 */
function ourOptions(timeoutMs: number): RedisOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    connectTimeout: timeoutMs,
    commandTimeout: undefined,
    socketTimeout: undefined,
    retryStrategy: (attempt) => Math.min(25 * 2 ** Math.min(attempt, 10), 1_000),
  }
}

/** A client of our own that connects to the same place, when it is first used. */
export function ownClient(like: Redis | Cluster | string, timeoutMs: number, clock: Clock): Redis | Cluster {
  if (typeof like === "string") return limitHandshake(new Redis(like, ourOptions(timeoutMs)), timeoutMs, clock)
  if (!isCluster(like)) return ownConnection(like, timeoutMs, clock)
  const cluster = like.duplicate([], {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    redisOptions: { ...like.options.redisOptions, ...ourOptions(timeoutMs) },
  })
  return cluster.setMaxListeners(0).on("+node", (node: Redis) => limitHandshake(node, timeoutMs, clock))
}

/** A connection of our own to the server of one connection. */
export function ownConnection(like: Redis, timeoutMs: number, clock: Clock): Redis {
  return limitHandshake(like.duplicate(ourOptions(timeoutMs)), timeoutMs, clock)
}

/** True for a Redis Cluster client, also one of another installed copy of ioredis. */
export function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster
}

/** The driver limits how long connecting takes, but waits for ever for the first answer after that. */
function limitHandshake(redis: Redis, timeoutMs: number, clock: Clock): Redis {
  let timer: Timer | undefined
  const cancel = () => timer?.cancel()
  return redis
    .setMaxListeners(0) // as many may wait for a connection as there are partitions
    .on("connect", () => {
      cancel()
      timer = clock.setTimer(() => redis.stream?.destroy(), timeoutMs)
    })
    .on("ready", cancel)
    .on("close", cancel)
}
