import { adapterSettings } from "../project/adapters.js"
import type { ConnectionSettings } from "../project/connections.js"
import type { SettingName, Settings } from "../settings/table.js"
import type { Access } from "./access.js"
import { DirectAccess } from "./direct-access.js"
import { HttpAccess } from "./http-access.js"

/** The settings that choose the way. */
export const accessSettings = [
  "serverUrl",
  "apiKey",
  "features",
  ...adapterSettings,
] as const satisfies readonly SettingName[]

/** Through the HTTP API that is named; else directly on the Redis that is named; else through the local HTTP API. */
export async function openAccess(
  settings: ConnectionSettings & Settings<"serverUrl" | "apiKey" | "features">,
): Promise<Access> {
  if (settings.serverUrl !== undefined || settings.redisUrl === undefined) return new HttpAccess(settings)
  return DirectAccess.open(settings)
}
