import type { BusNotice } from "@fabra/events"
import type { Redis } from "ioredis"
import { isReply } from "./errors.js"

/** What `INFO` says, by name. Empty where the server forbids it. */
export type ServerInfo = ReadonlyMap<string, string>

/** Asks a server for one section of `INFO`, or for all. */
export async function serverInfo(redis: Redis, section = "default"): Promise<ServerInfo> {
  try {
    const text = await redis.info(section)
    return new Map(
      text
        .split("\r\n")
        .filter((line) => line.includes(":"))
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
    )
  } catch (error) {
    if (isReply(error, "NOPERM")) return new Map()
    throw error
  }
}

/** How many replicas the server has. */
export function replicasOf(info: ServerInfo): number {
  return Number(info.get("connected_slaves") ?? 0)
}

/** True from the given version on; also when the version is not known. */
export function isAtLeast(info: ServerInfo, major: number, minor: number): boolean {
  const [ours = Number.POSITIVE_INFINITY, ourMinor = 0] = (info.get("redis_version") ?? "").split(".").map(Number)
  return Number.isNaN(ours) || ours > major || (ours === major && ourMinor >= minor)
}

/** What a person should know about how a server is set up. */
export async function serverNotices(redis: Redis): Promise<BusNotice[]> {
  const info = await serverInfo(redis)
  const { path, host, port } = redis.options
  return [...noticesAbout(info, `Redis at ${path ?? `${host}:${port}`}`)]
}

function* noticesAbout(info: ServerInfo, server: string): Generator<BusNotice> {
  if (info.size === 0) {
    yield { level: "warn", message: `${server} does not let us ask INFO: replicas and settings are not looked after.` }
    return
  }
  if (!isAtLeast(info, 6, 2)) {
    const version = info.get("redis_version")
    yield {
      level: "error",
      message: `${server} is too old (${version}): events are trimmed by XTRIM MINID, which came with 6.2.`,
    }
  }
  // In the words of RedisFeatureCache: a worker whose cache is on the same server says each once.
  const policy = info.get("maxmemory_policy")
  if (policy !== undefined && policy !== "noeviction") {
    yield {
      level: "warn",
      message: `${server} drops keys when its memory is full (maxmemory-policy ${policy}): use noeviction.`,
    }
  }
  if (info.get("aof_enabled") === "0") {
    yield {
      level: "warn",
      message: `${server} keeps no append-only file: a crash loses all since its last snapshot. Use appendonly yes.`,
    }
  }
}
