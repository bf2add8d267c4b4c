import { FabraError } from "@fabra/events"
import type { Command } from "commander"
import { defineCommand } from "../command.js"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { adapterSettings } from "../project/adapters.js"
import { documentSettings } from "../project/documents.js"
import { sourceOf } from "../settings/options.js"
import { stopSignal } from "../terminal/shutdown.js"
import { type WorkerSettings, workerSettings } from "../worker/settings.js"

const settings = [
  "features",
  ...adapterSettings,
  ...documentSettings,
  ...workerSettings,
  "host",
  "metricsPort",
] as const
const loadWork = () => import("../worker/work.js") // loads logs and metrics

/** `fabra worker`: applies events until it is told to stop. */
export const workerCommand = () =>
  defineCommand({
    name: "worker [file]",
    summary: "apply events to features, in one process or several",
    settings: [...settings, "processes"],
    examples: [
      ["fabra worker features.ts", "apply the events on FABRA_REDIS_URL, else on redis://localhost:6379"],
      ["fabra worker --processes 4 --metrics-port 9464", "in four processes, kept running; metrics of all four"],
      ["fabra worker --event-type purchase,refund --group money", "only these, in a group of their own"],
    ],
    async run({ settings, options, command }, file?: string) {
      checkSettings(settings, command)
      const features = await loadFeatures(findFeatures(file ?? settings.features))
      const { work, workTogether } = await loadWork()
      if (settings.processes === 1) await work(features, settings, options, stopSignal())
      else await workTogether(features, settings, options)
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
      const { work } = await loadWork()
      await work(await loadFeatures(file), settings, { json: options.json, isChild: true }, stop.signal)
      if (process.connected) process.disconnect()
    },
  })

function checkSettings({ eventTypes }: WorkerSettings, command: Command): void {
  if (eventTypes !== undefined && sourceOf(command, "group") === "default") {
    throw new FabraError(
      "invalid_setting",
      "--event-type needs a --group of its own: the workers of one group share its events, and those that one of them leaves out would be lost to all.",
      { path: "FABRA_WORKER_CONSUMER_GROUP" },
    )
  }
}
