import type { FeatureStore, Logger, Telemetry } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import type { Adapters } from "../adapters/adapters.js"
import { toMs } from "../settings/kinds.js"
import type { SettingName, Settings } from "../settings/table.js"
import { onlyEventTypes } from "./only-event-types.js"

/** The settings of a worker. */
export const workerSettings = [
  "group",
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

/**
 * What such a worker is like besides: it does not keep anybody waiting, since what it leaves is begun again by the next
 * or gone with the process, and does not kill that process.
 */
export function embedded(settings: Settings<(typeof embeddedSettings)[number]>): WorkerSettings {
  return { ...settings, drain: 1, watchdog: 0, eventTypes: undefined }
}

/** Whom a worker tells what it does. */
export interface Observers {
  readonly logger: Logger
  readonly telemetry: readonly Telemetry[]
}

/** Makes a worker as the settings say. @throws FabraError `invalid_setting`, `invalid_argument` */
export function createWorker(
  store: FeatureStore,
  { bus, cache }: Pick<Adapters, "bus" | "cache">,
  settings: WorkerSettings,
  { logger, telemetry }: Observers,
): AxiomWorker {
  connect(store, cache)
  const { eventTypes, group, batchSize, onDeadLetter, futureEvents, watchdog } = settings
  return new AxiomWorker(eventTypes === undefined ? store : onlyEventTypes(store, eventTypes), {
    ...{ bus, cache, logger, telemetry, group, batchSize, onDeadLetter, futureEvents },
    pollIntervalMs: toMs(settings.pollInterval),
    drainMs: toMs(settings.drain),
    ...(watchdog === 0 ? {} : { watchdogMs: toMs(watchdog) }),
  })
}

/** Gives a user's store its cache. @throws FabraError `invalid_argument` when it brought one of its own */
export function connect(store: FeatureStore, cache: Adapters["cache"]): void {
  try {
    store.connect({ cache })
  } catch (error) {
    const message = "Your store has a cache already; make it with `new FeatureStore()` and fabra gives it one."
    throw new FabraError("invalid_argument", message, { cause: error })
  }
}
