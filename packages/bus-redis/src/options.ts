import { type Clock, FabraError, systemClock } from "@fabra/events"
import { checkName, checkPartitions, checkWhole, DEFAULT_MAX_EVENT_BYTES } from "@fabra/events/adapter"
import { chooseSource, type Source } from "@fabra/redis-transport"
import type { Cluster, Redis } from "ioredis"

/** Options of `RedisEventBus`. */
export interface RedisEventBusOptions {
  /**
   * `redis://` or `rediss://` (TLS), with user, password and database if need be; several, separated by commas, are nodes of
   * one Redis Cluster; `unix:///path/to/redis.sock`; `redis+sentinel://host:port/name-of-the-master`. Default
   * `redis://localhost:6379`.
   */
  readonly url?: string | undefined
  /** PEM of the authority that signed the servers' certificate. Default: those that Node trusts. */
  readonly tlsCa?: string | undefined
  /**
   * A client instead of a url: the bus connects as this one does, by connections of its own that it closes. The client
   * itself is neither used nor closed.
   */
  readonly client?: Redis | Cluster
  /** Start of every key, so that several applications can share a server. Default `fabra`. */
  readonly namespace?: string
  /** Default: what the namespace has; 16 for a new one. Fixed when a namespace is first used. */
  readonly partitions?: number | undefined
  /** Milliseconds within which a second publish of an `event_id` for one entity is recognised; 0: not at all. Default 120,000. */
  readonly dedupeWindowMs?: number
  /** Largest event in bytes. Default 256 KiB. */
  readonly maxEventBytes?: number
  /** Most events one partition holds before `publish` answers `bus_full`. Default 1,000,000. */
  readonly maxEventsPerPartition?: number
  /**
   * Which replicas must have an event before it is read. `auto`: one, on a server that this bus has seen with a replica; it
   * waits for one also when the last is lost. `required`: one, always. `optional`: one, as long as the server has one.
   * Default `auto`.
   */
  readonly replicas?: ReplicaRule
  /** How long events stay at least after every group has settled them, in milliseconds. Default one hour. */
  readonly retentionMs?: number
  /** Longest wait for Redis, in milliseconds, reconnecting included. Default 5,000. */
  readonly commandTimeoutMs?: number
  readonly clock?: Clock
}

/** The options with every default filled in. */
export interface Settings extends Required<Omit<RedisEventBusOptions, "url" | "tlsCa" | "client" | "partitions">> {
  readonly source: Source
  readonly partitions: number | undefined
}

/** When an event is read only after a replica has it: see `replicas` of {@link RedisEventBusOptions}. */
export type ReplicaRule = "auto" | "required" | "optional"

const REPLICA_RULES: readonly ReplicaRule[] = ["auto", "required", "optional"]

type WholeNumber = "dedupeWindowMs" | "maxEventBytes" | "maxEventsPerPartition" | "retentionMs" | "commandTimeoutMs"

/** Fills in defaults. @throws FabraError `invalid_argument`, `invalid_name` */
export function toSettings(options: RedisEventBusOptions): Settings {
  const { namespace = "fabra", partitions, replicas = "auto", clock = systemClock } = options
  const source = chooseSource(options)
  checkName("namespace", namespace)
  if (partitions !== undefined) checkPartitions(partitions)
  if (!REPLICA_RULES.includes(replicas)) {
    throw new FabraError("invalid_argument", `replicas must be one of ${REPLICA_RULES.join(", ")}.`, {
      path: "replicas",
    })
  }
  const whole = (name: WholeNumber, fallback: number, least: number) => {
    const value = options[name] ?? fallback
    checkWhole(name, value, [least])
    return value
  }
  return {
    source,
    namespace,
    partitions,
    replicas,
    dedupeWindowMs: whole("dedupeWindowMs", 120_000, 0),
    maxEventBytes: whole("maxEventBytes", DEFAULT_MAX_EVENT_BYTES, 1),
    maxEventsPerPartition: whole("maxEventsPerPartition", 1_000_000, 1),
    retentionMs: whole("retentionMs", 3_600_000, 0),
    commandTimeoutMs: whole("commandTimeoutMs", 5_000, 1),
    clock,
  }
}
