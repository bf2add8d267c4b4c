import type { Logger } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { createLogger, eventLog } from "@fabra/logs"
import { createMetrics, type Metrics, ProcessSum } from "@fabra/metrics"
import type { Command } from "commander"
import { type AdapterSettings, adapterSettings, openAdapters } from "../adapters/adapters.js"
import { DocumentAdapters, documentSettings, warnOfMemory } from "../adapters/documents.js"
import { OfflineAdapter } from "../adapters/offline.js"
import { defineCommand } from "../command.js"
import { findFeatures, type LoadedFeatures, loadFeatures } from "../features-file.js"
import { AppliedReporter } from "../feed/applied-reporter.js"
import { logOptions } from "../output.js"
import { sourceOf, toEnvironment } from "../settings/options.js"
import type { Settings } from "../settings/table.js"
import { fired, stopSignal } from "../shutdown.js"
import { tracedEvents } from "../tracing.js"
import { show } from "../user-code.js"
import { createWorker, type WorkerSettings, workerSettings } from "../worker/create-worker.js"
import { answerMetrics, askMetrics } from "../worker/pool-metrics.js"
import { WorkerPool } from "../worker/worker-pool.js"

const settings = [
  "features",
  ...adapterSettings,
  ...documentSettings,
  ...workerSettings,
  "host",
  "metricsPort",
] as const
type WorkSettings = Settings<(typeof settings)[number]>

/** `fabra worker`: applies events until it is told to stop. */
export const workerCommand = () =>
  defineCommand({
    name: "worker [file]",
    summary: "apply events to features, in one process or several",
    settings: [...settings, "processes"],
    examples: [
      ["fabra worker features.ts", "apply the events on FABRA_REDIS_URL"],
      ["fabra worker --processes 4 --metrics-port 9464", "in four processes, kept running; metrics of all four"],
      ["fabra worker --event-type purchase,refund --group money", "only these, in a group of their own"],
    ],
    async run({ settings, options, command }, file?: string) {
      checkSettings(settings, command)
      const features = await loadFeatures(findFeatures(file ?? settings.features))
      if (settings.processes === 1) await work(features, settings, options.json, stopSignal())
      else await workTogether(features, settings, options.json)
    },
  })

/** What `worker --processes` starts: a worker that is told by its parent when to stop, or by its parent's end. */
export const workerProcessCommand = () =>
  defineCommand({
    name: "worker-process <file>",
    summary: "one process of `fabra worker --processes`",
    settings,
    examples: [],
    async run({ settings, options }, file: string) {
      const stop = new AbortController()
      process.on("SIGINT", () => {}) // Ctrl-C reaches every process of a terminal; the parent decides
      process.once("SIGTERM", () => stop.abort())
      process.once("disconnect", () => stop.abort())
      await work(await loadFeatures(file), settings, options.json, stop.signal, true)
      if (process.connected) process.disconnect()
    },
  })

async function workTogether(
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

async function work(
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

function checkSettings({ redisUrl, eventTypes }: AdapterSettings & WorkerSettings, command: Command): void {
  if (redisUrl === undefined) {
    throw new FabraError(
      "invalid_setting",
      "A worker needs a bus that others can publish to: set FABRA_REDIS_URL, as redis://localhost:6379. All in one process, with nothing to install, is `fabra dev`.",
      { path: "FABRA_REDIS_URL" },
    )
  }
  if (eventTypes !== undefined && sourceOf(command, "group") === "default") {
    throw new FabraError(
      "invalid_setting",
      "--event-type needs a --group of its own: the workers of one group share its events, and those that one of them leaves out would be lost to all.",
      { path: "FABRA_WORKER_CONSUMER_GROUP" },
    )
  }
}
