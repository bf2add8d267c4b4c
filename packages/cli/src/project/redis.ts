import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { RedisFeed } from "../feed/redis-feed.js"
import { toMs } from "../settings/kinds.js"
import { showAddress } from "../settings/show-address.js"
import type { AdapterSettings, Adapters } from "./adapters.js"
import type { Closing } from "./closing.js"
import { redisAddress } from "./redis-address.js"

/** Bus, cache and feed on one Redis, or one Redis Cluster. @throws FabraError `invalid_argument`, `invalid_setting` */
export function openRedis(settings: AdapterSettings, closing: Closing): Adapters {
  const { namespace, partitions, dedupeWindow, retention, maxEvents, replicas } = settings
  const place = redisAddress(settings)
  const dedupeWindowMs = toMs(dedupeWindow)
  const bus = new RedisEventBus({
    ...place,
    namespace,
    dedupeWindowMs,
    retentionMs: toMs(retention),
    maxEventsPerPartition: maxEvents,
    partitions,
    replicas,
  })
  closing.use(bus)
  const cache = closing.use(new RedisFeatureCache({ ...place, namespace }))
  const feed = closing.use(new RedisFeed(place, namespace))
  return { where: showAddress(place.url), bus, cache, feed }
}
