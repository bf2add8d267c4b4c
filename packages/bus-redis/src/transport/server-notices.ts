import type { BusNotice, BusServer } from "@fabra/events"
import { replicasOf, serverInfo, settingWarnings } from "@fabra/redis-transport"
import type { Redis } from "ioredis"
import { nameOf, type ReplicaWatch } from "../read/replica-watch.js"

/** Warnings about a server's settings, for a person to read. */
export async function serverNotices(redis: Redis): Promise<BusNotice[]> {
  const info = await serverInfo(redis)
  const server = nameOf(redis)
  if (info.size === 0) {
    const message = `${server} does not let us ask INFO: replicas and settings are not looked after.`
    return [{ code: "settings_unknown", level: "warn", message, where: server }]
  }
  return settingWarnings(info, server).map((warning): BusNotice => ({ ...warning, level: "warn" }))
}

/** A server's replicas and memory, as it reports them. */
export async function describeServer(redis: Redis, replicas: ReplicaWatch): Promise<BusServer> {
  const info = await serverInfo(redis)
  const told = info.size > 0
  const maxBytes = Number(info.get("maxmemory") ?? 0)
  return {
    name: nameOf(redis),
    replicas: told ? replicasOf(info) : null,
    waitsForReplica: replicas.isWaitingFor(redis),
    usedBytes: told ? Number(info.get("used_memory")) : null,
    maxBytes: maxBytes > 0 ? maxBytes : null,
  }
}
