import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import type { Parts } from "./app.js"

/** Bus and cache on the Redis of `url`; without one, in this process. */
export function createParts(url: string | undefined): Parts {
  if (url === undefined) {
    const bus = new MemoryEventBus()
    return { bus, cache: new MemoryFeatureCache(), close: () => bus.close() }
  }
  const bus = new RedisEventBus({ url })
  const cache = new RedisFeatureCache({ url })
  const close = async () => {
    await bus.close()
    await cache.close()
  }
  return { bus, cache, close }
}
