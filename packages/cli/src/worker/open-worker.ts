import { eventLog } from "@fabra/logs"
import type { AxiomWorker } from "@fabra/worker"
import { AppliedReporter } from "../feed/applied-reporter.js"
import type { Project } from "../project/project.js"
import { tracedEvents } from "../project/tracing.js"
import { createWorker } from "./create-worker.js"
import type { WorkerSettings } from "./settings.js"

/** A worker of the project, which tells log, metrics, traces and those who watch what it does, and ends with the project. */
export function openWorker(project: Project, settings: WorkerSettings): AxiomWorker {
  const { store, feed, logger, metrics } = project
  const reporter = new AppliedReporter(feed, store)
  project.defer(() => reporter.stop())
  const telemetry = [metrics.telemetry, reporter, eventLog(logger), ...tracedEvents(settings.group)]
  const worker = createWorker(store, project, settings, { logger, telemetry })
  project.defer(() => worker.stop())
  return worker
}
