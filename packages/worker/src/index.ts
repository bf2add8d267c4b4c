export { isDeadLettered, isSettled } from "./bookkeeping.js"
export { type Preview, type PreviewedChange, type PreviewOptions, preview } from "./preview.js"
export { settingsFromEnv, type WorkerOptions } from "./settings.js"
export { AxiomWorker } from "./worker.js"
