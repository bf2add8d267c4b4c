import { MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { MemoryFeed } from "../feed/memory-feed.js"
import { toMs } from "../settings/kinds.js"
import type { Adapters, MemorySettings } from "./adapters.js"
import type { Closing } from "./closing.js"

/** So many bytes of events are kept for code that is saved later; with about 500 bytes each, some 130,000. */
const RETAIN_BYTES = 64 * 1024 * 1024

/** Everything in this process, gone when it ends. */
export function openMemory(
  { partitions, dedupeWindow }: Pick<MemorySettings, "partitions" | "dedupeWindow">,
  closing: Closing,
): Adapters {
  const options = { dedupeWindowMs: toMs(dedupeWindow), partitions, retainBytes: RETAIN_BYTES }
  const bus = closing.use(new MemoryEventBus(options))
  const cache = new MemoryFeatureCache()
  return {
    where: "memory",
    bus,
    cache,
    feed: new MemoryFeed(),
    startAgain: (group, keep) => (bus.isWhole && cache.startAgain(group, keep) ? bus.startAgain() : undefined),
  }
}
