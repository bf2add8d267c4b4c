import { FeatureStore } from "@fabra/core"
import { createEvent, MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { traceEvents, withTracing } from "../src/index.js"

const store = new FeatureStore() // with your entities and features
const bus = withTracing(new MemoryEventBus())
const worker = new AxiomWorker(store, { bus, telemetry: traceEvents() })

await bus.publish(createEvent({ eventType: "purchase", entityId: "user_123" })) // carries the active span's context

export { bus, worker }
