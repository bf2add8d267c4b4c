import { busAccess } from "@fabra/bus-redis"
import { cacheAccess } from "@fabra/cache-redis"
import { appliedChannel } from "../feed/redis-feed.js"

/** Of the feed, and of `fabra doctor` itself. */
const COMMANDS = ["ping", "publish", "pubsub|numsub", "subscribe"]

/** What a Redis user must be allowed for all that the command does, and the rule that says so. */
export interface AccessRule {
  readonly user: string
  readonly keys: readonly string[]
  readonly channels: readonly string[]
  readonly commands: readonly string[]
  /** For `redis-cli`. It sets no password and leaves those that the user has. */
  readonly rule: string
}

/** The rule for the user of an address, or for one named `fabra`. */
export function accessRule(url: string | undefined, namespace: string): AccessRule {
  const { username } = new URL(url?.split(",")[0] ?? "redis://localhost")
  const user = decodeURIComponent(username) || "fabra"
  const all = [busAccess(namespace), cacheAccess(namespace)]
  const keys = [...new Set(all.flatMap((one) => one.keys))]
  const channels = [appliedChannel(namespace)]
  const commands = [...new Set([...all.flatMap((one) => one.commands), ...COMMANDS])].sort()
  const rule = [
    `ACL SETUSER ${user} on resetkeys resetchannels -@all`,
    ...keys.map((key) => `~${key}`),
    ...channels.map((channel) => `&${channel}`),
    ...commands.map((command) => `+${command}`),
  ].join(" ")
  return { user, keys, channels, commands, rule }
}
