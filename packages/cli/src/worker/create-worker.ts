import type { FeatureStore, Logger, Telemetry } from "@fabra/core"
import { AxiomWorker } from "@fabra/worker"
import type { Adapters } from "../adapters/adapters.js"
import { connect } from "../adapters/connect.js"
import { toMs } from "../settings/kinds.js"
import { onlyEventTypes } from "./only-event-types.js"
import type { WorkerSettings } from "./settings.js"

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
