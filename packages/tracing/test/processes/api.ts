// An HTTP server that publishes what it is sent, in a process of its own, started by two-processes.test.ts.
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { RedisEventBus } from "@fabra/bus-redis"
import { createEvent } from "@fabra/events"
import { context, SpanKind, trace } from "@opentelemetry/api"
import { withTracing } from "../../src/index.js"
import { contextOf, readTraceparent } from "../../src/trace-context.js"
import { keepSpans } from "../spans.js"

const [url = "", namespace = ""] = process.argv.slice(2)
const spans = keepSpans()
const bus = withTracing(new RedisEventBus({ url, namespace }))

/** Publishes one event within a span of the request, as an instrumented server has one. */
async function ingest(request: IncomingMessage): Promise<string> {
  const body = JSON.parse(await text(request))
  const traceparent = String(request.headers.traceparent)
  const span = trace
    .getTracer("app")
    .startSpan("POST /ingest/:event_type", { kind: SpanKind.SERVER }, contextOf(readTraceparent(traceparent)))
  const event = createEvent({ eventType: "purchase", traceparent, ...body })
  const { eventId } = await context.with(trace.setSpan(context.active(), span), () => bus.publish(event))
  span.end()
  return eventId
}

const server = createServer((request, response) => {
  ingest(request).then(
    (eventId) => response.writeHead(202).end(eventId),
    (error) => response.writeHead(500).end(String(error)),
  )
})
server.listen(0, "127.0.0.1", () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.once("message", async () => {
  process.send?.(spans.ended())
  server.close()
  server.closeAllConnections()
  await bus.close()
  process.disconnect()
})
