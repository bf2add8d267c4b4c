/** What a Redis user must be allowed, as Redis's ACL rules name it but for their signs. */
export interface RedisAccess {
  /** Patterns of keys that are read and written. */
  readonly keys: readonly string[]
  /** In lower case; a sub-command as `xinfo|groups`. */
  readonly commands: readonly string[]
}

/** By which every connection is made, watched and asked, and scripts are run. */
export const CONNECTION_COMMANDS: readonly string[] = [
  // Sent by ioredis. `auth` and `hello` need no permission; without `client|setinfo`, which Redis 7.0 does not know, it goes on.
  "client|setname",
  "cluster|slots",
  "readonly",
  "select",
  // Sent by us.
  "cluster|info",
  "eval",
  "evalsha",
  "info",
]
