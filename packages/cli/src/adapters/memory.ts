import { MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { MemoryFeed } from "../feed/memory-feed.js"
import { toMs } from "../settings/kinds.js"
import type { AdapterSettings, Adapters } from "./adapters.js"

/** Everything in this process, gone when it ends. */
export function openMemory({
  partitions,
  dedupeWindow,
}: Pick<AdapterSettings, "partitions" | "dedupeWindow">): Adapters {
  const bus = new MemoryEventBus({
    dedupeWindowMs: toMs(dedupeWindow),
    ...(partitions === undefined ? {} : { partitions }),
  })
  const cache = new MemoryFeatureCache()
  return { where: "memory", bus, cache, feed: new MemoryFeed(), close: () => bus.close() }
}
