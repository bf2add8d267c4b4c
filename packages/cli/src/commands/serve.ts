import { defineCommand } from "../command.js"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { adapterSettings } from "../project/adapters.js"
import { documentSettings } from "../project/documents.js"
import { stopSignal } from "../terminal/shutdown.js"

/** `fabra serve`: the HTTP API. */
export const serveCommand = () =>
  defineCommand({
    name: "serve [file]",
    summary: "serve the HTTP API",
    details:
      "Workers are processes of their own (`fabra worker`). All in one process, with the data in memory, is\n`fabra dev`.",
    settings: ["features", "host", "port", "apiKeys", ...adapterSettings, ...documentSettings, "group"],
    examples: [
      ["fabra serve features.ts", "on http://127.0.0.1:8000"],
      ["fabra serve --host 0.0.0.0", "for others too; needs FABRA_API_KEYS, see `fabra api-key`"],
    ],
    async run({ settings, options }, file?: string) {
      const stop = stopSignal()
      const features = await loadFeatures(findFeatures(file ?? settings.features))
      const { serve } = await import("../serve/serve.js") // loads logs and metrics
      await serve(features, settings, options, stop)
    },
  })
