import { systemClock } from "@fabra/events"
import { checkName, checkWhole } from "@fabra/events/adapter"
import { chooseSource, isAddress, openClient, Servers, type Source } from "@fabra/redis-transport"
import type { Cluster, Redis } from "ioredis"

/** Where the cache lies, and how patient it is. */
export interface RedisFeatureCacheOptions {
  /**
   * `redis://` or `rediss://` (TLS), with user, password and database if need be; several, separated by commas, are nodes of
   * one Redis Cluster; `unix:///path/to/redis.sock`; `redis+sentinel://host:port/name-of-the-master`. Default
   * `redis://localhost:6379`.
   */
  readonly url?: string | undefined
  /** PEM of the authority that signed the servers' certificate. Default: those that Node trusts. */
  readonly tlsCa?: string | undefined
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
export interface CheckedOptions extends Required<Omit<RedisFeatureCacheOptions, "url" | "tlsCa" | "client">> {
  readonly servers: Servers
}

/** Longest time that a timer can wait. */
const MAX_MS = 2 ** 31 - 1

/** @throws FabraError `invalid_argument`, `invalid_name` */
export function checkOptions(options: RedisFeatureCacheOptions): CheckedOptions {
  const { namespace = "fabra", commandTimeoutMs = 5_000 } = options
  checkName("namespace", namespace)
  checkWhole("commandTimeoutMs", commandTimeoutMs, [1, MAX_MS])
  const source = chooseSource(options)
  const servers = serversAt(source, commandTimeoutMs)
  const { rollbackWindowMs = servers.isCluster ? 20_000 : 5_000 } = options
  checkWhole("rollbackWindowMs", rollbackWindowMs, [0, MAX_MS])
  return { servers, namespace, commandTimeoutMs, rollbackWindowMs }
}

/** The servers, by a client of our own where only a URL is given. */
function serversAt(source: Source, timeoutMs: number): Servers {
  const isOwn = isAddress(source)
  const client = isOwn ? openClient(source, timeoutMs, systemClock) : source
  // A second attempt on a new connection still fits into one call.
  return new Servers(client, { isOwn, patienceMs: timeoutMs / 2, clock: systemClock })
}
