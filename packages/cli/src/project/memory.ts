import { MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { MemoryFeed } from "../feed/memory-feed.js"
import { toMs } from "../settings/kinds.js"
import type { Adapters, MemorySettings } from "./adapters.js"
import type { Closing } from "./closing.js"

/** Everything in this process, gone when it ends. */
export function openMemory(
  { partitions, dedupeWindow }: Pick<MemorySettings, "partitions" | "dedupeWindow">,
  closing: Closing,
): Adapters {
  const bus = closing.use(new MemoryEventBus({ dedupeWindowMs: toMs(dedupeWindow), partitions }))
  return { where: "memory", bus, cache: new MemoryFeatureCache(), feed: new MemoryFeed() }
}
