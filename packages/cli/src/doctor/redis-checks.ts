import { createRedisClient, type ReplicaRule } from "@fabra/bus-redis"
import type { Cluster, Redis, RedisOptions } from "ioredis"
import { redisAddress } from "../project/redis-address.js"
import { showAddress } from "../settings/show-address.js"
import type { Settings } from "../settings/table.js"
import { duration } from "../terminal/output.js"
import { type Check, fail, ok, warn } from "./check.js"

const PATIENCE_MS = 3_000
/** Asks once: what does not answer is told, not tried again. */
const ONCE: RedisOptions = {
  connectTimeout: PATIENCE_MS,
  commandTimeout: PATIENCE_MS,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
}
/** Event times and leases of several machines are compared. */
const MAX_SKEW_MS = 1_000
/** The share of its memory from which on a server is said to be nearly full. */
const NEARLY_FULL = 0.8

/**
 * The Redis server: does it answer, and is it set up to keep what it is given? Returns whether the namespace is in use,
 * so that there is something to look at; looking would found it.
 */
export async function* redisChecks(
  settings: Settings<"redisUrl" | "redisCa" | "namespace" | "replicas">,
): AsyncGenerator<Check, boolean> {
  const { redisUrl: named, namespace } = settings
  let redis: Redis | Cluster
  let url: string
  try {
    const address = redisAddress(settings)
    url = address.url
    redis = createRedisClient(address, ONCE)
  } catch (error) {
    yield fail("redis", (error as Error).message, "correct FABRA_REDIS_URL or FABRA_REDIS_CA")
    return false
  }
  let lastError = "no answer"
  let hasNoDatabase = false // ioredis goes on, in database 0
  redis.on("error", (error: Error & { readonly command?: { readonly name: string } }) => {
    lastError = error.message
    if (error.command?.name === "select") hasNoDatabase = true
  })
  try {
    await redis.connect()
    if (hasNoDatabase) throw new Error(lastError)
    const started = performance.now()
    await redis.ping()
    yield ok("redis", `${showAddress(url)} answers in ${duration(performance.now() - started)}`)
    const told = new Set<string>()
    for (const node of redis.isCluster ? (redis as Cluster).nodes("master") : [redis as Redis]) {
      const info = readInfo(await node.info())
      if (!redis.isCluster && info.get("redis_mode") === "cluster") throw new Error("a node of a Redis Cluster")
      for (const check of settingsChecks(info, settings.replicas)) {
        if (!told.has(check.found)) yield check
        told.add(check.found)
      }
    }
    const [seconds, micros] = await redis.time()
    yield clockCheck(Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) - Date.now())
    const partitions = await redis.hget(`${namespace}:meta`, "partitions")
    const found = partitions === null ? "not in use yet: the first event founds it" : `${partitions} partitions`
    yield ok("namespace", `${namespace}: ${found}`)
    return partitions !== null
  } catch (error) {
    const why = lastError === "no answer" ? (error as Error).message : lastError
    if (named !== undefined) yield fail("redis", `${showAddress(url)}: ${why}`, mendFor(why))
    // Who runs `fabra dev` alone needs none.
    else yield warn("redis", `${url}, the default: ${why}`, `${mendFor(why)}; \`fabra dev\` needs none`)
    return false
  } finally {
    redis.disconnect()
  }
}

const MENDS: readonly (readonly [why: RegExp, mend: string])[] = [
  [/NOAUTH|WRONGPASS/, "correct the user or the password in FABRA_REDIS_URL"],
  [/NOPERM/, "give the Redis user the command or the keys that are named (ACL SETUSER)"],
  [/DB index|invalid DB/i, "name a database that this Redis has in FABRA_REDIS_URL (CONFIG GET databases)"],
  [/SELECT is not allowed/, "leave the database out of FABRA_REDIS_URL: a Redis Cluster has one only"],
  [/^a node of a Redis Cluster/, "name several nodes in FABRA_REDIS_URL, separated by commas"],
  [/certificate|altnames/i, "let Fabra trust the authority: FABRA_REDIS_CA=/path/to/ca.pem"],
  [
    /sentinels are unreachable/i,
    "start the sentinels, or correct their addresses and the name of the master in FABRA_REDIS_URL",
  ],
  [/ENOENT|EACCES/, "correct the path of the socket in FABRA_REDIS_URL, or let this user open it"],
  [/wrong version number|packet length|EPROTO/, "this port speaks no TLS: use redis:// in FABRA_REDIS_URL"],
  [/ENOTFOUND|EAI_AGAIN/, "correct the host in FABRA_REDIS_URL: its name is not known here"],
]

/** What to do about the reason that Redis, or the way to it, gave. */
export function mendFor(why: string): string {
  return MENDS.find(([pattern]) => pattern.test(why))?.[1] ?? "start Redis, or correct FABRA_REDIS_URL"
}

function* settingsChecks(info: ReadonlyMap<string, string>, rule: ReplicaRule): Generator<Check> {
  const version = info.get("redis_version") ?? "unknown"
  if (Number.parseInt(version, 10) < 7) {
    yield fail("redis version", `${version} is too old, and refused`, "use Redis 7.0 or newer")
  } else yield ok("redis version", version)

  const policy = info.get("maxmemory_policy") ?? "unknown"
  if (policy === "noeviction") yield ok("eviction", policy)
  else {
    const mend = "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf"
    yield fail("eviction", `${policy}: events and feature values could vanish when memory is full`, mend)
  }
  if (info.get("aof_enabled") === "1") yield ok("persistence", "append-only file")
  else {
    const mend = "CONFIG SET appendonly yes, and the same in redis.conf"
    yield warn("persistence", "no append-only file: a crash loses all since the last snapshot", mend)
  }
  yield memoryCheck(info)
  yield replicasCheck(info, rule)
}

function memoryCheck(info: ReadonlyMap<string, string>): Check {
  const used = Number(info.get("used_memory") ?? 0)
  const most = Number(info.get("maxmemory") ?? 0)
  if (most === 0) return ok("memory", `${megabytes(used)} in use, no limit`)
  const found = `${megabytes(used)} of ${megabytes(most)} in use`
  const mend = "CONFIG SET maxmemory to more, or let workers catch up; look at fabra dlq list and fabra lag"
  if (used >= most) return fail("memory", `${found}: no event is accepted`, mend)
  return used >= most * NEARLY_FULL ? warn("memory", `${found}: soon no event is accepted`, mend) : ok("memory", found)
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`
}

function replicasCheck(info: ReadonlyMap<string, string>, rule: ReplicaRule): Check {
  const replicas = Number(info.get("connected_slaves") ?? 0)
  if (replicas > 0) return ok("replicas", `${replicas}; events are read once one of them has them`)
  const mend = "start a replica, or let workers go on without: FABRA_BUS_REPLICAS=optional"
  if (rule === "required")
    return fail("replicas", "none, and FABRA_BUS_REPLICAS requires one: nothing is applied", mend)
  // Redis keeps what a replica would need of it for an hour after the last has gone.
  if (info.get("repl_backlog_active") !== "1") return ok("replicas", "none")
  if (rule === "optional") return warn("replicas", "none now: a fail-over would lose events", "start a replica")
  return warn("replicas", "none now: workers that have seen one apply nothing until it is back", mend)
}

function clockCheck(skewMs: number): Check {
  const found = `Redis is ${duration(Math.abs(skewMs))} ${skewMs < 0 ? "behind" : "ahead of"} this machine`
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return ok("clock", found)
  return warn("clock", found, "keep both clocks right with NTP (timedatectl set-ntp true)")
}

function readInfo(text: string): Map<string, string> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]))
}
