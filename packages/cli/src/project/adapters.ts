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

/** The settings of what is kept in memory alone. */
export type MemorySettings = Settings<"partitions" | "dedupeWindow"> & { readonly redisUrl?: undefined }

/** Where events and feature values are. */
export interface Adapters {
  /** For people: `memory`, `redis://localhost:6379`. */
  readonly where: string
  readonly bus: EventBus
  readonly cache: FeatureCache
  readonly feed: AppliedFeed
}
