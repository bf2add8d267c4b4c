import type { Cluster, Redis } from "ioredis"
import { createRedisClient } from "../project/redis-client.js"
import { showAddress } from "../settings/show-address.js"
import { duration } from "../terminal/output.js"
import { type Check, fail, ok, warn } from "./check.js"

const PATIENCE_MS = 3_000
/** Event times and leases of several machines are compared. */
const MAX_SKEW_MS = 1_000

/**
 * The Redis server: does it answer, and is it set up to keep what it is given? Returns whether the namespace is in use,
 * so that there is something to look at; looking would found it.
 */
export async function* redisChecks(url: string, namespace: string): AsyncGenerator<Check, boolean> {
  const redis = createRedisClient(url, {
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let lastError = "no answer"
  redis.on("error", (error: Error) => {
    lastError = error.message
  })
  try {
    await redis.connect()
    const started = performance.now()
    await redis.ping()
    yield ok("redis", `${showAddress(url)} answers in ${duration(performance.now() - started)}`)
    const told = new Set<string>()
    for (const node of redis.isCluster ? (redis as Cluster).nodes("master") : [redis as Redis]) {
      for (const check of settingsChecks(readInfo(await node.info()))) {
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
    const isRefused = /^(NOAUTH|WRONGPASS|NOPERM)/.test(why)
    const mend = isRefused
      ? "correct the user or the password in FABRA_REDIS_URL"
      : "start Redis, or correct FABRA_REDIS_URL"
    yield fail("redis", `${showAddress(url)}: ${why}`, mend)
    return false
  } finally {
    redis.disconnect()
  }
}

function* settingsChecks(info: ReadonlyMap<string, string>): Generator<Check> {
  const version = info.get("redis_version") ?? "unknown"
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major < 6 || (major === 6 && minor < 2)) {
    yield fail("redis version", `${version} is too old`, "use Redis 6.2 or newer; events could not be trimmed")
  } else if (major < 7) {
    yield warn("redis version", `${version} counts the lag of groups slowly`, "use Redis 7.0 or newer")
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
  const replicas = Number(info.get("connected_slaves") ?? 0)
  yield ok("replicas", replicas === 0 ? "none" : `${replicas}; events are read once one of them has them`)
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
