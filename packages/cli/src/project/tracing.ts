import type { Telemetry } from "@fabra/core"
import type { EventBus } from "@fabra/events"
import { traceEvents, withTracing } from "@fabra/tracing"
import { isSpanContextValid, trace } from "@opentelemetry/api"

/** Whether an OpenTelemetry SDK was loaded before the command, as by `NODE_OPTIONS="--import …"`: without one, spans cost for nothing. */
const hasSdk = () => isSpanContextValid(trace.getTracer("@fabra/cli").startSpan("probe").spanContext())

/** The bus, publishing within the active span where somebody traces. */
export function tracedBus(bus: EventBus): EventBus {
  return hasSdk() ? withTracing(bus) : bus
}

/** What traces the events of a worker, where somebody does. */
export function tracedEvents(group: string): Telemetry[] {
  return hasSdk() ? [traceEvents({ group })] : []
}
