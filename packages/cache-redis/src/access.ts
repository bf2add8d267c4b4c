import { checkName } from "@fabra/events/adapter"
import { CONNECTION_COMMANDS, type RedisAccess } from "@fabra/redis-transport"

const COMMANDS = ["asking", "del", "exists", "hdel", "hget", "hgetall", "hmget", "hset", "sadd", "srem", "sscan"]

/**
 * The rights that the Redis user of a `RedisFeatureCache` needs, for `ACL SETUSER`: all that the cache ever sends.
 * @throws FabraError `invalid_name`
 */
export function cacheAccess(namespace = "fabra"): RedisAccess {
  checkName("namespace", namespace)
  return { keys: [`${namespace}:*`], commands: [...CONNECTION_COMMANDS, ...COMMANDS].sort() }
}
