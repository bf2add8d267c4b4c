import type { Clock } from "@fabra/events"
import type { Timer } from "@fabra/events/adapter"
import type { Cluster, Redis, RedisOptions } from "ioredis"
import { createRedisClient } from "./client.js"
import { isAddress, type Source } from "./source.js"

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
  const client = isAddress(source) ? createRedisClient(source, ourOptions(timeoutMs)) : like(source, timeoutMs)
  if (!isCluster(client)) return limitHandshake(client, timeoutMs, clock)
  return client.setMaxListeners(0).on("+node", (node: Redis) => limitHandshake(node, timeoutMs, clock))
}

function like(client: Redis | Cluster, timeoutMs: number): Redis | Cluster {
  if (!isCluster(client)) return client.duplicate(ourOptions(timeoutMs))
  return client.duplicate([], {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    redisOptions: { ...client.options.redisOptions, ...ourOptions(timeoutMs) },
  })
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
