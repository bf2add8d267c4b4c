import { context, trace } from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base"

/** A span that has ended, as a plain object that another process can be sent. */
export interface EndedSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: { readonly code: number; readonly message?: string | undefined }
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly durationMs: number
}

/** Registers an SDK whose spans are kept in memory, as an app would register its own. */
export function keepSpans() {
  const exporter = new InMemorySpanExporter()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  return {
    ended: (): EndedSpan[] => exporter.getFinishedSpans().map(toEnded),
    reset: () => exporter.reset(),
  }
}

function toEnded(span: ReadableSpan): EndedSpan {
  const { traceId, spanId } = span.spanContext()
  const [seconds, nanoseconds] = span.duration
  return {
    name: span.name,
    kind: span.kind,
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    attributes: span.attributes,
    status: span.status,
    events: span.events.map(({ name, attributes = {} }) => ({ name, attributes })),
    links: span.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId })),
    durationMs: seconds * 1000 + nanoseconds / 1e6,
  }
}
