import type { FeatureCache, Logger } from "@fabra/core"
import type { EventBus } from "@fabra/events"
import type { AppliedFeed } from "../feed/feed.js"
import { DEFAULT_REDIS_URL, type SettingName, type Settings } from "../settings/table.js"

/** The settings that choose and set up adapters. */
export const adapterSettings = [
  "redisUrl",
  "redisCa",
  "namespace",
  "partitions",
  "dedupeWindow",
  "retention",
  "maxEvents",
  "replicas",
] as const satisfies SettingName[]

/** Values of {@link adapterSettings}. */
export type AdapterSettings = Settings<(typeof adapterSettings)[number]>

/** The settings with the Redis that is meant where none is named. */
export function onRedis<Given extends AdapterSettings>(settings: Given): Given & { readonly redisUrl: string } {
  return { ...settings, redisUrl: settings.redisUrl ?? DEFAULT_REDIS_URL }
}

/** Tells which Redis is meant where none is named. */
export function tellDefaultRedis({ redisUrl }: AdapterSettings, logger: Logger): void {
  if (redisUrl !== undefined) return
  const alternative = "`fabra dev` needs none"
  logger.info({}, `FABRA_REDIS_URL is not set: events and values are on ${DEFAULT_REDIS_URL} (${alternative}).`)
}

/** The settings of what is kept in memory alone. */
export type MemorySettings = Settings<"partitions" | "dedupeWindow"> & { readonly redisUrl?: undefined }

/** Where events and feature values are. */
export interface Adapters {
  /** For people: `memory`, `redis://localhost:6379`. */
  readonly where: string
  readonly bus: EventBus
  readonly cache: FeatureCache
  readonly feed: AppliedFeed
  /**
   * In memory: forgets all that a group has made of the events, so that it reads them again, while no worker runs.
   * @param keep names of the features whose values stay
   * @returns how many events there are; `undefined` when some of them are gone, and nothing was done
   */
  startAgain?(group: string, keep: ReadonlySet<string>): number | undefined
}
