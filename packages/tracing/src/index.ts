export { type TraceEventsOptions, traceEvents } from "./trace-events.js"
export { withTracing } from "./with-tracing.js"
