import type { FeatureStore, Logger, Telemetry } from "@fabra/core"
import { AxiomWorker } from "@fabra/worker"
import type { Adapters } from "../project/adapters.js"
import { toMs } from "../settings/kinds.js"
import { onlyEventTypes } from "./only-event-types.js"
import type { WorkerSettings } from "./settings.js"

/** Whom a worker tells what it does. */
export interface Observers {
  readonly logger: Logger
  readonly telemetry: readonly Telemetry[]
}

/** Makes a worker of a store that has its cache, as the settings say. @throws FabraError `invalid_setting`, `invalid_argument` */
export function createWorker(
  store: FeatureStore,
  { bus, cache }: Pick<Adapters, "bus" | "cache">,
  settings: WorkerSettings,
  { logger, telemetry }: Observers,
): AxiomWorker {
  const { eventTypes, group, workerName, batchSize, onDeadLetter, futureEvents, watchdog } = settings
  return new AxiomWorker(eventTypes === undefined ? store : onlyEventTypes(store, eventTypes), {
    bus,
    cache,
    logger,
    telemetry,
    group,
    consumer: workerName,
    batchSize,
    onDeadLetter,
    futureEvents,
    pollIntervalMs: toMs(settings.pollInterval),
    drainMs: toMs(settings.drain),
    watchdogMs: watchdog === 0 ? undefined : toMs(watchdog),
  })
}
