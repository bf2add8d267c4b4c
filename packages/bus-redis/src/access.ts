import { checkName } from "@fabra/events/adapter"
import { CONNECTION_COMMANDS, type RedisAccess } from "@fabra/redis-transport"

const COMMANDS = [
  "client|id",
  "client|unblock",
  "del",
  "exists",
  "get",
  "hdel",
  "hget",
  "hgetall",
  "hset",
  "hsetnx",
  "pexpire",
  "set",
  "time",
  "wait",
  "xadd",
  "xdel",
  "xgroup|create",
  "xgroup|destroy",
  "xgroup|setid",
  "xinfo|groups",
  "xinfo|stream",
  "xlen",
  "xrange",
  "xread",
  "xsetid",
  "xtrim",
  "zadd",
  "zlexcount",
  "zrange",
  "zrangebyscore",
  "zrem",
  "zremrangebylex",
  "zremrangebyscore",
  "zscore",
]

/**
 * The rights that the Redis user of a `RedisEventBus` needs, for `ACL SETUSER`: all that the bus ever sends, take-overs,
 * dead letters and the removal of a group included.
 * @throws FabraError `invalid_name`
 */
export function busAccess(namespace = "fabra"): RedisAccess {
  checkName("namespace", namespace)
  return { keys: [`${namespace}:*`, `{${namespace}:dlq}:*`], commands: [...CONNECTION_COMMANDS, ...COMMANDS].sort() }
}
