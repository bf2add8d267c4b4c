import { execFile } from "node:child_process"
import { readdir, stat, truncate } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import type { RedisTestServer } from "@fabra/testing"
import type { Fault } from "../fault.js"
import { findStreams } from "../streams.js"
import { until } from "../until.js"

const APPEND_ONLY_DIRECTORY = "appendonlydir"
const DEATH_LIMIT_MS = 30_000

/** Redis is killed and started again with its append-only file. */
export const redisRestart: Fault = {
  place: "one",
  hitsAll: true,
  async run({ place, random }) {
    const times = random.int(1, 3)
    for (let n = 0; n < times; n++) {
      await delay(random.int(300, 1_500))
      const server = place.servers[0] as RedisTestServer
      await server.kill()
      await delay(random.int(0, 1_500))
      await server.restart()
    }
    return `killed ${times} times`
  },
}

/** The only replica is killed: nothing is applied until it is back. */
export const lastReplica: Fault = {
  place: "replica",
  hitsAll: true,
  async run({ place, random }) {
    const replica = place.replica as RedisTestServer
    await delay(random.int(300, 1_500))
    await replica.kill()
    const goneMs = random.int(500, 5_000)
    await delay(goneMs)
    await replica.restart()
    return `gone for ${goneMs} ms`
  },
}

/** The memory of Redis is full for a while: no event is accepted, those that were are worked off. */
export const memoryFull: Fault = {
  place: "one",
  hitsAll: true,
  async run({ place, namespace, random }) {
    const redis = place.client(place.servers[0] as RedisTestServer)
    // A group that has applied nothing keeps what is settled, which would make way: it is compared with in the end.
    for (const { key } of await findStreams(place, namespace)) await redis.xgroup("CREATE", key, "keeper", "0")
    const times = random.int(1, 3)
    for (let n = 0; n < times; n++) {
      await delay(random.int(300, 1_000))
      await redis.config("SET", "maxmemory", "1")
      await delay(random.int(500, 3_000))
      await redis.config("SET", "maxmemory", "0")
    }
    return `full ${times} times`
  },
}

/**
 * The append-only file reaches the largest size that the system allows, in the middle of a write, which ends Redis; it comes
 * back with half a command at the end of the file, and room. The limit is one of the process (`prlimit`, on Linux), since a full
 * disk of one's own takes the rights to mount one.
 */
export const diskFull: Fault = {
  place: "one",
  hitsAll: true,
  async run({ place, random }) {
    const server = place.servers[0] as RedisTestServer
    const redis = place.client(server)
    const times = random.int(1, 2)
    for (let n = 0; n < times; n++) {
      await delay(random.int(300, 1_000))
      const [, directory] = (await redis.config("GET", "dir")) as [string, string]
      const pid = Number(/process_id:(\d+)/.exec(await redis.info("server"))?.[1])
      const { size } = await stat(await appendOnlyFile(directory))
      const room = random.int(1, 20_000)
      await promisify(execFile)("prlimit", ["--pid", `${pid}`, `--fsize=${size + room}`])
      if (!(await until(async () => !isAlive(pid), DEATH_LIMIT_MS))) throw new Error("Redis wrote on.")
      await delay(random.int(0, 1_500))
      await server.restart()
      // As the manual of operations says: Redis leaves the beginning of a transaction at the end of the file, and would join it to the
      // next one when it is restarted once more.
      await redis.bgrewriteaof()
      const isRewritten = async () =>
        /aof_rewrite_(in_progress|scheduled):1/.test(await redis.info("persistence")) === false
      if (!(await until(isRewritten, DEATH_LIMIT_MS))) throw new Error("Redis does not rewrite its file.")
    }
    return `full ${times} times`
  },
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The cache's Redis is killed and comes back without its last commits, which workers believe in; the bus keeps all. */
export const rollBack: Fault = {
  place: "two",
  hitsAll: true,
  rollbackMs: 5_000,
  async run({ place, random }) {
    const cache = place.servers[1] as RedisTestServer
    await delay(random.int(500, 1_500))
    const path = await appendOnlyFile(place.cacheDirectory as string)
    const { size } = await stat(path)
    const lostMs = random.int(100, 2_000)
    await delay(lostMs)
    await cache.kill()
    await truncate(path, size)
    await cache.restart()
    return `the last ${lostMs} ms of commits gone`
  },
}

/** The file to which Redis appends now. */
async function appendOnlyFile(directory: string): Promise<string> {
  const files = await readdir(join(directory, APPEND_ONLY_DIRECTORY))
  const file = files
    .filter((name) => name.endsWith(".incr.aof"))
    .sort()
    .at(-1)
  if (file === undefined) throw new Error(`${directory} has no append-only file.`)
  return join(directory, APPEND_ONLY_DIRECTORY, file)
}
