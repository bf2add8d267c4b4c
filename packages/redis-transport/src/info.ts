import type { StoreWarning } from "@fabra/events/adapter"
import type { Redis } from "ioredis"
import { isReply } from "./errors.js"

/** What `INFO` says, by name. Empty where the server forbids it. */
export type ServerInfo = ReadonlyMap<string, string>

/** Asks a server for one section of `INFO`, or for all. */
export async function serverInfo(redis: Redis, section = "default"): Promise<ServerInfo> {
  try {
    return parseInfo(await redis.info(section))
  } catch (error) {
    if (isReply(error, "NOPERM")) return new Map()
    throw error
  }
}

/** Reads the lines `name:value` of an answer. */
export function parseInfo(text: string): ServerInfo {
  const lines = text.split("\r\n").filter((line) => line.includes(":"))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]))
}

/** How many replicas the server has. */
export function replicasOf(info: ServerInfo): number {
  return Number(info.get("connected_slaves") ?? 0)
}

/** The oldest version with all that bus and cache send. */
const LEAST = 7

/** Why a server cannot be used, by its `INFO`; `undefined` when it can, or does not say. */
export function unfitness(info: ServerInfo, isInCluster: boolean): string | undefined {
  const version = info.get("redis_version")
  if (Number.parseInt(version ?? "", 10) < LEAST) {
    return `this Redis is ${version}, which is too old: use Redis ${LEAST}.0 or newer`
  }
  if (isInCluster || info.get("redis_mode") !== "cluster") return undefined
  return "this is a node of a Redis Cluster: to use it, name several nodes or give a Cluster client"
}

/**
 * The epoch of a server: the process (`run_id`, new with every start) and the history of its data (`master_replid`, new
 * with every failover). Data written in one epoch may be missing in the next.
 * @throws Error when the server does not say it
 */
export function epochOf(info: ServerInfo): string {
  const [runId, history] = [info.get("run_id"), info.get("master_replid")]
  if (runId === undefined || history === undefined) throw new Error("INFO tells no run_id or master_replid")
  return `${runId}/${history}`
}

/** Settings of a server that endanger what is kept on it. */
export function settingWarnings(info: ServerInfo, where: string): StoreWarning[] {
  const warnings: StoreWarning[] = []
  const policy = info.get("maxmemory_policy")
  if (policy !== undefined && policy !== "noeviction") {
    const message = `${where} drops keys when its memory is full (maxmemory-policy ${policy}): use noeviction.`
    warnings.push({ code: "store_evicts", where, message })
  }
  if (info.get("aof_enabled") === "0") {
    const message = `${where} keeps no append-only file: a crash loses all since its last snapshot. Use appendonly yes.`
    warnings.push({ code: "store_not_durable", where, message })
  }
  return warnings
}
