export { settingsFromEnv, type WorkerOptions } from "./settings.js"
export { AxiomWorker } from "./worker.js"
