import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { type Clock, systemClock } from "@fabra/events"
import { Cluster } from "ioredis"
import { type ConnectionPlan, PARTITIONS } from "./plan.js"

/** Shorter than the default, so that a dead connection does not take up most of a trial. */
const COMMAND_TIMEOUT_MS = 2_000
/** Longer than a trial: a producer may come back to an event at any time. */
const DEDUPE_WINDOW_MS = 600_000

/** A bus and a cache of a trial. */
export interface Connection {
  readonly bus: RedisEventBus
  readonly cache: RedisFeatureCache
  close(): Promise<void>
}

/** Makes the adapters as an application would. */
export function connect({ address, namespace, rollbackMs }: ConnectionPlan, clock: Clock = systemClock): Connection {
  const clusters: Cluster[] = []
  const whereIs = (ports: readonly number[]) => {
    const { username, password } = address.user
    const login = username === undefined ? "" : `${username}:${password}@`
    if (!address.isCluster) return { url: `redis://${login}127.0.0.1:${ports[0]}` }
    const nodes = ports.map((port) => ({ host: "127.0.0.1", port }))
    const client = new Cluster(nodes, { lazyConnect: true, redisOptions: address.user })
    client.on("error", () => {})
    clusters.push(client)
    return { client }
  }
  const common = { namespace, commandTimeoutMs: COMMAND_TIMEOUT_MS }
  const options = { partitions: PARTITIONS, dedupeWindowMs: DEDUPE_WINDOW_MS, clock }
  const bus = new RedisEventBus({ ...whereIs(address.bus), ...common, ...options })
  const cache = new RedisFeatureCache({ ...whereIs(address.cache), ...common, rollbackWindowMs: rollbackMs })
  return {
    bus,
    cache,
    close: async () => {
      await Promise.all([bus.close(), cache.close()])
      for (const cluster of clusters) cluster.disconnect()
    },
  }
}
