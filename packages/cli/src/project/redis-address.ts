import { readFileSync } from "node:fs"
import { FabraError } from "@fabra/events"
import { DEFAULT_REDIS_URL, type Settings } from "../settings/table.js"

/** Where Redis is, as the options of bus and cache say it. @throws FabraError `invalid_setting` */
export function redisAddress({ redisUrl: url = DEFAULT_REDIS_URL, redisCa }: Settings<"redisUrl" | "redisCa">) {
  if (redisCa === undefined) return { url }
  try {
    return { url, tlsCa: readFileSync(redisCa, "utf8") }
  } catch (error) {
    const message = `FABRA_REDIS_CA names a file that cannot be read: ${(error as Error).message}. It must be a PEM file.`
    throw new FabraError("invalid_setting", message, { path: "FABRA_REDIS_CA" })
  }
}
