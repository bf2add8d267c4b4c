import type { BusNotice } from "@fabra/events"
import { addressOf, serverInfo, settingWarnings } from "@fabra/redis-transport"
import type { Redis } from "ioredis"

/** Warnings about a server's settings, for a person to read. */
export async function serverNotices(redis: Redis): Promise<BusNotice[]> {
  const info = await serverInfo(redis)
  const server = `Redis at ${addressOf(redis)}`
  if (info.size === 0) {
    const message = `${server} does not let us ask INFO: replicas and settings are not looked after.`
    return [{ code: "settings_unknown", level: "warn", message, where: server }]
  }
  return settingWarnings(info, server).map((warning): BusNotice => ({ ...warning, level: "warn" }))
}
