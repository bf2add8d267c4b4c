import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { RedisFeed } from "../feed/redis-feed.js"
import { toMs } from "../settings/kinds.js"
import { showAddress } from "../settings/show-address.js"
import type { AdapterSettings, Adapters } from "./adapters.js"
import type { Closing } from "./closing.js"
import { createRedisClient } from "./redis-client.js"

/** Bus, cache and feed on one Redis, or one Redis Cluster. */
export function openRedis(settings: AdapterSettings, closing: Closing): Adapters {
  const { redisUrl: url = "", namespace, partitions, dedupeWindow, retention } = settings
  const place = url.includes(",") ? { client: openCluster(url, closing) } : { url }
  const dedupeWindowMs = toMs(dedupeWindow)
  const bus = new RedisEventBus({ ...place, namespace, dedupeWindowMs, retentionMs: toMs(retention), partitions })
  closing.use(bus)
  const cache = closing.use(new RedisFeatureCache({ ...place, namespace }))
  const feed = closing.use(new RedisFeed(url, namespace))
  return { where: showAddress(url), bus, cache, feed }
}

function openCluster(url: string, closing: Closing): ReturnType<typeof createRedisClient> {
  const cluster = createRedisClient(url)
  closing.defer(() => cluster.disconnect())
  cluster.on("error", () => {}) // bus and cache tell of it
  return cluster
}
