import { FeatureStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { createLogger, eventLog } from "../src/index.js"

const store = new FeatureStore() // with your entities and features
const bus = new MemoryEventBus()
const logger = createLogger()
const worker = new AxiomWorker(store, { bus, logger, telemetry: eventLog(logger) })

export { bus, store, worker }
