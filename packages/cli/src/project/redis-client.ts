import { Cluster, Redis, type RedisOptions } from "ioredis"

/**
 * A client of what the setting `redisUrl` names: one address is a server, several are nodes of a Redis Cluster, of which
 * one that answers is enough. Connects with the first use.
 */
export function createRedisClient(addresses: string, options: RedisOptions = {}): Redis | Cluster {
  const nodes = addresses.split(",")
  if (nodes.length === 1) return new Redis(addresses, { lazyConnect: true, ...options })
  // Users, passwords and TLS are the same for all nodes, those that are found among them.
  const { username, password, protocol } = new URL(nodes[0] as string)
  const { retryStrategy, ...each } = options
  return new Cluster(nodes, {
    lazyConnect: true,
    ...(retryStrategy === undefined ? {} : { clusterRetryStrategy: () => null }),
    redisOptions: {
      ...each,
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === "rediss:" ? { tls: {} } : {}),
    },
  })
}
