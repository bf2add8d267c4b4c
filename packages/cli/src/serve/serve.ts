import type { FeatureStore, Logger } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { createLogger, eventLog } from "@fabra/logs"
import { createMetrics, type Metrics } from "@fabra/metrics"
import type { FabraServer } from "@fabra/server"
import { type AdapterSettings, type Adapters, openAdapters } from "../adapters/adapters.js"
import { connect } from "../adapters/connect.js"
import { DocumentAdapters, type DocumentSettings, warnOfMemory } from "../adapters/documents.js"
import { OfflineAdapter } from "../adapters/offline.js"
import type { LoadedFeatures } from "../features-file.js"
import { AppliedReporter } from "../feed/applied-reporter.js"
import { logOptions } from "../output.js"
import type { Settings } from "../settings/table.js"
import { fired } from "../shutdown.js"
import { tracedBus, tracedEvents } from "../tracing.js"
import { show } from "../user-code.js"
import { createWorker } from "../worker/create-worker.js"
import { type EmbeddedSettings, embedded } from "../worker/settings.js"
import { addWatchRoute } from "./watch-route.js"

type ServeSettings = AdapterSettings &
  DocumentSettings &
  EmbeddedSettings &
  Settings<"host" | "port" | "apiKeys" | "postgresUrl">

/** The HTTP API, and on memory the worker it needs, until `stop`. */
export async function serve(
  { store, file }: LoadedFeatures,
  settings: ServeSettings,
  json: boolean,
  stop: AbortSignal,
): Promise<void> {
  const adapters = await openAdapters(settings)
  const { bus, cache, feed, where } = adapters
  const logger = createLogger(logOptions(json))
  connect(store, cache)
  const metrics = createMetrics({ bus, store, group: settings.group })
  const documents = new DocumentAdapters(settings)
  await documents.connect(store, metrics)
  const offline = new OfflineAdapter(settings)
  await offline.connect(store)
  const server = await createHttpServer(store, { ...settings, bus: tracedBus(bus), logger, metrics })
  addWatchRoute(server, feed, stop)
  const isAlone = !bus.capabilities.shared
  const reporter = isAlone ? new AppliedReporter(feed, store) : undefined
  const observers = {
    logger,
    telemetry: [
      metrics.telemetry,
      eventLog(logger),
      ...tracedEvents(settings.group),
      ...(reporter === undefined ? [] : [reporter]),
    ],
  }
  const worker = isAlone ? createWorker(store, adapters, embedded(settings), observers) : undefined
  try {
    const { url } = await server.listen()
    logger.info({ url, features: show(file), bus: where }, "serving")
    if (isAlone) logger.warn({}, "All is kept in memory and gone when this ends; set FABRA_REDIS_URL to keep it.")
    else warnOfMemory(store, logger)
    await Promise.race([fired(stop), ...(worker === undefined ? [] : [worker.run()])])
  } finally {
    await server.close()
    await worker?.stop()
    reporter?.stop()
    await Promise.all([adapters.close(), documents.close(), offline.close()])
  }
  logger.info({}, "stopped")
}

async function createHttpServer(
  store: FeatureStore,
  {
    bus,
    logger,
    host,
    port,
    group,
    apiKeys,
    metrics,
  }: Settings<"host" | "port" | "group" | "apiKeys"> & Pick<Adapters, "bus"> & { logger: Logger; metrics: Metrics },
): Promise<FabraServer> {
  const { createServer } = await import("@fabra/server")
  try {
    return createServer(store, { bus, host, port, group, logger, metrics, apiKeys: apiKeys ?? [] })
  } catch (error) {
    if (apiKeys !== undefined || FabraError.from(error).path !== "host") throw error
    const mend = "make one with `fabra api-key` and set FABRA_API_KEYS, or leave FABRA_HOST out"
    throw new FabraError("invalid_setting", `Others could reach ${host}, and there are no API keys: ${mend}.`, {
      ...{ path: "FABRA_HOST", cause: error },
    })
  }
}
