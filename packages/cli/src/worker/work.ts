import type { Logger } from "@fabra/core"
import { createLogger, eventLog } from "@fabra/logs"
import { createMetrics, type Metrics, ProcessSum } from "@fabra/metrics"
import { type AdapterSettings, openAdapters } from "../adapters/adapters.js"
import { DocumentAdapters, type DocumentSettings, warnOfMemory } from "../adapters/documents.js"
import { OfflineAdapter } from "../adapters/offline.js"
import type { LoadedFeatures } from "../features-file.js"
import { AppliedReporter } from "../feed/applied-reporter.js"
import { logOptions } from "../output.js"
import { toEnvironment } from "../settings/options.js"
import type { Settings } from "../settings/table.js"
import { fired, stopSignal } from "../shutdown.js"
import { tracedEvents } from "../tracing.js"
import { show } from "../user-code.js"
import { createWorker } from "./create-worker.js"
import { answerMetrics, askMetrics } from "./pool-metrics.js"
import type { WorkerSettings } from "./settings.js"
import { WorkerPool } from "./worker-pool.js"

type WorkSettings = AdapterSettings &
  DocumentSettings &
  WorkerSettings &
  Settings<"host" | "metricsPort" | "postgresUrl">

/** Several processes, kept running, until this one is told to stop. */
export async function workTogether(
  { store, file }: LoadedFeatures,
  settings: WorkSettings & Settings<"processes">,
  json: boolean,
): Promise<void> {
  const adapters = await openAdapters(settings)
  const logger = createLogger(logOptions(json))
  // Made once here, and not run, so that what is wrong is told once.
  const documents = new DocumentAdapters(settings)
  await documents.connect(store)
  const offline = new OfflineAdapter(settings)
  await offline.connect(store)
  warnOfMemory(store, logger)
  createWorker(store, adapters, settings, { logger, telemetry: [] })
  const sum = new ProcessSum()
  // What the bus tells is the same for all processes: one asks.
  sum.add(createMetrics({ bus: adapters.bus, store, group: settings.group }).snapshot)
  const endpoint = await serveMetrics(sum, settings, logger)
  const args = ["worker-process", file, ...(json ? ["--json"] : [])]
  const start = { script: process.argv[1] as string, args, env: toEnvironment(settings) }
  const pool = new WorkerPool(start, logger, (child) => sum.add(() => askMetrics(child)))
  await pool.run(
    settings.processes,
    stopSignal(() => pool.quit()),
  )
  await endpoint?.close()
  await Promise.all([adapters.close(), documents.close(), offline.close()])
}

/** This process, until `stop`. @param isChild one of several */
export async function work(
  { store, file }: LoadedFeatures,
  settings: WorkSettings,
  json: boolean,
  stop: AbortSignal,
  isChild = false,
): Promise<void> {
  const adapters = await openAdapters(settings)
  const logger = createLogger(logOptions(json))
  const { group } = settings
  const metrics = createMetrics({ store, group, ...(isChild ? {} : { bus: adapters.bus }) })
  const documents = new DocumentAdapters(settings)
  await documents.connect(store, metrics)
  const offline = new OfflineAdapter(settings)
  await offline.connect(store)
  if (!isChild) warnOfMemory(store, logger)
  const reporter = new AppliedReporter(adapters.feed, store)
  if (isChild) answerMetrics(metrics)
  const endpoint = isChild ? undefined : await serveMetrics(metrics, settings, logger)
  try {
    const telemetry = [metrics.telemetry, reporter, eventLog(logger), ...tracedEvents(group)]
    const worker = createWorker(store, adapters, settings, { logger, telemetry })
    const running = worker.run()
    logger.info({ features: show(file), bus: adapters.where, group, pid: process.pid }, "worker started")
    fired(stop).then(() => worker.stop())
    await running
    logger.info({ pid: process.pid }, "worker stopped")
  } finally {
    await endpoint?.close()
    reporter.stop()
    await Promise.all([adapters.close(), documents.close(), offline.close()])
  }
}

async function serveMetrics(page: Pick<Metrics, "serve">, { host, metricsPort }: WorkSettings, logger: Logger) {
  if (metricsPort === undefined) return undefined
  const endpoint = await page.serve(metricsPort, host)
  logger.info({ url: endpoint.url }, "serving metrics")
  return endpoint
}
