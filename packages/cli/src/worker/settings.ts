import type { SettingName, Settings } from "../settings/table.js"

/** The settings of a worker. */
export const workerSettings = [
  "group",
  "workerName",
  "batchSize",
  "pollInterval",
  "drain",
  "watchdog",
  "onDeadLetter",
  "futureEvents",
  "eventTypes",
] as const satisfies SettingName[]

/** Values of {@link workerSettings}. */
export type WorkerSettings = Settings<(typeof workerSettings)[number]>

/** The settings of a worker in the process that publishes to it. */
export const embeddedSettings = [
  "group",
  "batchSize",
  "pollInterval",
  "onDeadLetter",
  "futureEvents",
] as const satisfies SettingName[]

/** Values of {@link embeddedSettings}. */
export type EmbeddedSettings = Settings<(typeof embeddedSettings)[number]>

/**
 * What such a worker is like besides: it does not keep anybody waiting, since what it leaves is begun again by the next
 * or gone with the process, and does not kill that process.
 */
export function embedded(settings: EmbeddedSettings): WorkerSettings {
  return { ...settings, drain: 1, watchdog: 0, eventTypes: undefined, workerName: undefined }
}
