import { readdir, stat, truncate } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { RedisTestServer } from "@fabra/testing"
import type { Fault } from "../fault.js"
import { findStreams } from "../streams.js"

const APPEND_ONLY_DIRECTORY = "appendonlydir"

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
