import { ProcessSum } from "@fabra/metrics"
import type { LoadedFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import { type AdapterSettings, onRedis, tellDefaultRedis } from "../project/adapters.js"
import type { DocumentSettings } from "../project/documents.js"
import { openProject, type Part, type Project } from "../project/project.js"
import { toEnvironment } from "../settings/options.js"
import type { Settings } from "../settings/table.js"
import { fired, stopSignal } from "../terminal/shutdown.js"
import { createWorker } from "./create-worker.js"
import { openWorker } from "./open-worker.js"
import { answerMetrics, askMetrics } from "./pool-metrics.js"
import { serveMetrics } from "./serve-metrics.js"
import type { WorkerSettings } from "./settings.js"
import { containerName, madeUpName } from "./worker-name.js"
import { WorkerPool } from "./worker-pool.js"

type WorkSettings = AdapterSettings & DocumentSettings & WorkerSettings & Settings<"host" | "metricsPort">

/** Several processes, kept running, until this one is told to stop. */
export async function workTogether(
  features: LoadedFeatures,
  given: WorkSettings & Settings<"processes">,
  part: Part,
): Promise<void> {
  const settings = onRedis(given)
  await using project = await openProject(features, settings, part)
  const { store, file, logger, metrics } = project
  tellDefaultRedis(given, logger)
  // Made once here, and not run, so that what is wrong is told once.
  createWorker(store, project, settings, { logger, telemetry: [] })
  const sum = new ProcessSum()
  // What the bus tells is the same for all processes: one asks.
  sum.add(metrics.snapshot)
  await openMetrics(project, sum, settings)
  const args = ["worker-process", file, ...(part.json ? ["--json"] : [])]
  const base = settings.workerName ?? containerName() ?? madeUpName()
  const env = (place: number) => toEnvironment({ ...settings, workerName: `${base}-${place}` })
  const start = { script: process.argv[1] as string, args, env }
  const pool = new WorkerPool(start, logger, (child) => sum.add(() => askMetrics(child)))
  const stop = stopSignal(() => pool.quit())
  await pool.run(settings.processes, stop)
}

/** This process, until `stop`. */
export async function work(
  features: LoadedFeatures,
  given: WorkSettings,
  part: Part,
  stop: AbortSignal,
): Promise<void> {
  const settings = onRedis(given)
  await using project = await openProject(features, settings, part)
  const { file, where, logger, metrics } = project
  tellDefaultRedis(given, logger)
  const worker = openWorker(project, { ...settings, workerName: settings.workerName ?? containerName() })
  if (part.isChild) answerMetrics(metrics)
  else await openMetrics(project, metrics, settings)
  const running = worker.run()
  const { pid } = process
  logger.info({ features: show(file), bus: where, group: settings.group, pid }, "worker started")
  fired(stop).then(() => worker.stop())
  await running
  logger.info({ pid }, "worker stopped")
}

async function openMetrics(
  project: Project,
  page: Pick<Project["metrics"], "serve">,
  settings: WorkSettings,
): Promise<void> {
  const endpoint = await serveMetrics(page, settings)
  if (endpoint === undefined) return
  project.defer(() => endpoint.close())
  project.logger.info({ url: endpoint.url }, "serving metrics")
}
