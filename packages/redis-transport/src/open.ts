import type { Clock } from "@fabra/events"
import type { Timer } from "@fabra/events/adapter"
import { type Cluster, Redis, type RedisOptions } from "ioredis"
import type { Source } from "./source.js"

/**
 * Options of every connection of our own, whatever the client was like that it is made from. We decide which commands are
 * sent again after a lost connection, because only we know which are idempotent: so the driver queues nothing, and
 * commands in flight fail at once.
 */
function ourOptions(timeoutMs: number): RedisOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    // A second attempt still fits into one call.
    connectTimeout: Math.ceil(timeoutMs / 2),
    commandTimeout: undefined,
    socketTimeout: undefined,
    retryStrategy: (attempt) => Math.min(25 * 2 ** Math.min(attempt, 10), 1_000, Math.ceil(timeoutMs / 5)),
  }
}

/** A client of our own that connects to the same place, when it is first used. */
export function openClient(source: Source, timeoutMs: number, clock: Clock): Redis | Cluster {
  if (typeof source === "string") return limitHandshake(new Redis(source, ourOptions(timeoutMs)), timeoutMs, clock)
  if (!isCluster(source)) return openConnection(source, timeoutMs, clock)
  const cluster = source.duplicate([], {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    redisOptions: { ...source.options.redisOptions, ...ourOptions(timeoutMs) },
  })
  return cluster.setMaxListeners(0).on("+node", (node: Redis) => limitHandshake(node, timeoutMs, clock))
}

/** A connection of our own to the server of one connection. */
export function openConnection(like: Redis, timeoutMs: number, clock: Clock): Redis {
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
      timer = clock.setTimer(() => redis.stream?.destroy(), timeoutMs / 2)
    })
    .on("ready", cancel)
    .on("close", cancel)
}
