import { Cluster, Redis, type RedisOptions } from "ioredis"
import { type Address, readAddress } from "./address.js"

/**
 * A client of what an address names; it connects with its first use. Of the nodes of a cluster one that answers is enough.
 * @param options of each connection @throws FabraError `invalid_argument`
 */
export function createRedisClient(address: Address, options: RedisOptions = {}): Redis | Cluster {
  const { nodes, options: named } = readAddress(address)
  if (nodes === undefined) return new Redis({ lazyConnect: true, ...named, ...options })
  // Users, passwords and TLS are the same for all nodes, those that are found among them.
  const { retryStrategy, lazyConnect = true, enableOfflineQueue, enableAutoPipelining, ...each } = options
  return new Cluster([...nodes], {
    lazyConnect,
    ...(enableOfflineQueue === undefined ? {} : { enableOfflineQueue }),
    ...(enableAutoPipelining === undefined ? {} : { enableAutoPipelining }),
    ...(retryStrategy === undefined ? {} : { clusterRetryStrategy: retryStrategy }),
    redisOptions: { ...named, ...each },
  })
}
