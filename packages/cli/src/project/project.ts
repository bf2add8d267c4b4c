import type { Logger } from "@fabra/core"
import { createLogger } from "@fabra/logs"
import { createMetrics, type Metrics } from "@fabra/metrics"
import type { LoadedFeatures } from "../features/features-file.js"
import type { Settings } from "../settings/table.js"
import { logOptions } from "../terminal/output.js"
import { surviveDangling } from "../terminal/uncaught.js"
import { type Closing, opening } from "./closing.js"
import { type ConnectionSettings, type Connections, openConnections } from "./connections.js"
import { warnOfMemory } from "./documents.js"

/** A features file and everything that it runs on. */
export interface Project extends Omit<Connections, "connect">, Pick<LoadedFeatures, "store" | "file"> {
  readonly logger: Logger
  readonly metrics: Metrics
  /** Disposing the project calls `close` first: before what was opened, or deferred, earlier. */
  defer(close: () => unknown): void
}

/** How a process takes part in a project. */
export interface Part {
  /** Log lines are JSON also in a terminal. */
  readonly json: boolean
  /** One process of several: what is the same for all, its parent tells. */
  readonly isChild?: boolean
}

/**
 * Opens what a features file runs on, and connects its store. `await using` closes all of it, last first; nothing stays
 * open when a part of it cannot be opened.
 * @throws FabraError `invalid_argument`, `invalid_setting`
 */
export function openProject(
  { store, file }: LoadedFeatures,
  settings: ConnectionSettings & Settings<"group">,
  { json, isChild = false }: Part,
): Promise<Project> {
  return opening(async (closing: Closing) => {
    const { connect, ...connections } = await openConnections(settings)
    closing.defer(() => connections[Symbol.asyncDispose]())
    const logger = createLogger(logOptions(json))
    const metrics = createMetrics({ store, group: settings.group, bus: isChild ? undefined : connections.bus })
    closing.defer(surviveDangling({ logger, metrics }))
    await connect(store, metrics)
    if (!isChild && connections.bus.capabilities.shared) warnOfMemory(store, logger)
    return {
      ...connections,
      store,
      file,
      logger,
      metrics,
      defer: (close) => closing.defer(close),
      [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
    }
  })
}
