import { FeatureStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { createMetrics } from "../src/index.js"

const store = new FeatureStore() // with your entities and features
const bus = new MemoryEventBus()
const metrics = createMetrics({ bus, store })
const worker = new AxiomWorker(store, { bus, telemetry: metrics.telemetry })
const endpoint = await metrics.serve(9464) // http://127.0.0.1:9464/metrics

export { endpoint, metrics, worker }
