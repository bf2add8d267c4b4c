// For those who make dashboards and alerts.
export { definitions as metricDefinitions, type MetricDefinition } from "./definitions.js"
export type { MetricsEndpoint } from "./endpoint.js"
export type { EndedRequest } from "./http-metrics.js"
export { createMetrics, type Metrics, type MetricsOptions } from "./metrics.js"
export { type MetricsSnapshot, ProcessSum } from "./process-sum.js"
