import type { FeatureCache } from "@fabra/core"
import type { EventBus } from "@fabra/events"
import type { AppliedFeed } from "../feed/feed.js"
import type { SettingName, Settings } from "../settings/table.js"

/** The settings that choose and set up adapters. */
export const adapterSettings = [
  "redisUrl",
  "namespace",
  "partitions",
  "dedupeWindow",
  "retention",
] as const satisfies SettingName[]

/** Values of {@link adapterSettings}. */
export type AdapterSettings = Settings<(typeof adapterSettings)[number]>

/** Where events and feature values are. */
export interface Adapters {
  /** For people: `memory`, `redis://localhost:6379`. */
  readonly where: string
  readonly bus: EventBus
  readonly cache: FeatureCache
  readonly feed: AppliedFeed
  close(): Promise<void>
}

interface Row {
  readonly chosenBy: (settings: AdapterSettings) => boolean
  readonly open: (settings: AdapterSettings) => Promise<Adapters>
}

/** The one table that says what is used when: the first row whose condition holds. Drivers are loaded when chosen. */
const rows: readonly Row[] = [
  {
    chosenBy: ({ redisUrl }) => redisUrl !== undefined,
    open: async (settings) => (await import("./redis.js")).openRedis(settings),
  },
  { chosenBy: () => true, open: async (settings) => (await import("./memory.js")).openMemory(settings) },
]

/** Opens what the settings choose. Connects with the first use. */
export function openAdapters(settings: AdapterSettings): Promise<Adapters> {
  const row = rows.find(({ chosenBy }) => chosenBy(settings)) as Row
  return row.open(settings)
}
