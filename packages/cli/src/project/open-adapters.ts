import type { AdapterSettings, Adapters, MemorySettings } from "./adapters.js"
import type { Closing } from "./closing.js"

/** Opens what the settings choose: Redis where it is named, else memory. Connects with the first use. */
export async function openAdapters(settings: AdapterSettings | MemorySettings, closing: Closing): Promise<Adapters> {
  // A driver is loaded when it is chosen.
  if (settings.redisUrl !== undefined) return (await import("./redis.js")).openRedis(settings, closing)
  return (await import("./memory.js")).openMemory(settings, closing)
}
