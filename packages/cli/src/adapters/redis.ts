import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { RedisFeed } from "../feed/redis-feed.js"
import { toMs } from "../settings/kinds.js"
import { withoutPassword } from "../settings/options.js"
import type { AdapterSettings, Adapters } from "./adapters.js"
import { createRedisClient } from "./redis-client.js"

/** Bus, cache and feed on one Redis, or one Redis Cluster. */
export function openRedis(settings: AdapterSettings): Adapters {
  const { redisUrl: url = "", namespace, partitions, dedupeWindow, retention } = settings
  const cluster = url.includes(",") ? createRedisClient(url) : undefined
  cluster?.on("error", () => {}) // bus and cache tell of it
  const place = cluster === undefined ? { url } : { client: cluster }
  const bus = new RedisEventBus({
    ...{ ...place, namespace, dedupeWindowMs: toMs(dedupeWindow), retentionMs: toMs(retention) },
    ...(partitions === undefined ? {} : { partitions }),
  })
  const cache = new RedisFeatureCache({ ...place, namespace })
  const feed = new RedisFeed(url, namespace)
  return {
    where: withoutPassword(url),
    bus,
    cache,
    feed,
    async close() {
      feed.close()
      await Promise.all([bus.close(), cache.close()])
      cluster?.disconnect()
    },
  }
}
