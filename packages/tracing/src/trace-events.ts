import type { Telemetry } from "@fabra/core"
import type { AppliedEvent, Commit, FailedFeature, HandlerCall } from "@fabra/core/adapter"
import type { AxiomEvent } from "@fabra/events"
import { errorTexts, isError } from "@fabra/events/adapter"
import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { contextOf, readTraceparent, tracer } from "./trace-context.js"

/** Options of {@link traceEvents}. */
export interface TraceEventsOptions {
  /** Consumer group of the worker, for the spans' attributes. Default `fabra_workers`. */
  readonly group?: string
}

type EventOf = Pick<HandlerCall, "event" | "entityType" | "partition">

/**
 * Makes a span for each event that a worker processes, continuing the publisher's trace: from its first handler, which
 * runs within it, to its commit. A commit of one event is a span in it; one of several is a span of its own with links.
 *
 * Uses the tracer provider that the app has registered; without one it does nothing.
 *
 * @example
 * new AxiomWorker(store, { bus, cache, telemetry: traceEvents() })
 */
export function traceEvents({ group = "fabra_workers" }: TraceEventsOptions = {}): Telemetry {
  const spans = new EventSpans(group)
  return {
    runHandler(call, run) {
      context.with(spans.contextOf(call), run)
    },
    featureFailed(failed: FailedFeature) {
      const { error, feature, attempt } = failed
      spans.of(failed).addEvent("exception", { ...describe(error), "fabra.feature": feature, "fabra.attempt": attempt })
    },
    committed(commit: Commit) {
      traceCommit(
        commit,
        commit.events().flatMap((event) => spans.find(event) ?? []),
      )
    },
    eventApplied(applied: AppliedEvent) {
      if (applied.repeated) return
      const { featuresUpdated, featuresFailed, attempts, durationMs } = applied
      const span = spans.of(applied, Date.now() - durationMs)
      if (!span.isRecording()) return
      span.setAttributes({ "fabra.features_updated": [...featuresUpdated], "fabra.attempts": attempts })
      if (featuresFailed.length > 0) {
        span.setAttribute("fabra.features_failed", [...featuresFailed])
        span.setStatus({ code: SpanStatusCode.ERROR, message: "dead letter" })
      }
      span.end()
    },
  }
}

/** The spans of events that are being processed; one for each type of entity that an event changes. */
class EventSpans {
  readonly #group: string
  // An event that is taken from this worker is never told as applied: its span goes when the event does.
  readonly #byEntityType = new Map<string, WeakMap<AxiomEvent, Context>>()

  constructor(group: string) {
    this.#group = group
  }

  find({ event, entityType }: Pick<EventOf, "event" | "entityType">): Span | undefined {
    const found = this.#byEntityType.get(entityType)?.get(event)
    return found && trace.getSpan(found)
  }

  of(what: EventOf, startTime?: number): Span {
    return trace.getSpan(this.contextOf(what, startTime)) as Span
  }

  /** A context with the event's span and nothing else: what was active when the worker was started is none of its business. */
  contextOf(what: EventOf, startTime?: number): Context {
    const { event, entityType } = what
    let ofType = this.#byEntityType.get(entityType)
    if (ofType === undefined) {
      ofType = new WeakMap()
      this.#byEntityType.set(entityType, ofType)
    }
    let made = ofType.get(event)
    if (made === undefined) {
      made = trace.setSpan(ROOT_CONTEXT, this.#start(what, startTime))
      ofType.set(event, made)
    }
    return made
  }

  #start({ event, entityType, partition }: EventOf, startTime: number | undefined): Span {
    const attributes = {
      "messaging.system": "fabra",
      "messaging.operation.type": "process",
      "messaging.operation.name": "process",
      "messaging.destination.name": event.eventType,
      "messaging.destination.partition.id": String(partition),
      "messaging.message.id": event.eventId,
      "messaging.consumer.group.name": this.#group,
      "fabra.entity.type": entityType,
      "fabra.entity.id": event.entityId,
    }
    return tracer.startSpan(
      `process ${event.eventType}`,
      { kind: SpanKind.CONSUMER, attributes, ...(startTime === undefined ? {} : { startTime }) },
      contextOf(readTraceparent(event.traceparent)),
    )
  }
}

function traceCommit({ applied, conflicts, unknown, durationMs }: Commit, events: readonly Span[]): void {
  const recorded = events.filter((span) => span.isRecording())
  const [first] = recorded
  if (first === undefined) return
  const now = Date.now()
  const attributes = { "fabra.applied": applied, "fabra.conflicts": conflicts, "fabra.unknown": unknown }
  const isAlone = events.length === 1
  const span = tracer.startSpan(
    "commit",
    {
      kind: SpanKind.CLIENT,
      startTime: now - durationMs,
      attributes,
      links: isAlone ? [] : recorded.map((one) => ({ context: one.spanContext() })),
    },
    isAlone ? trace.setSpan(ROOT_CONTEXT, first) : ROOT_CONTEXT,
  )
  if (unknown > 0) span.setStatus({ code: SpanStatusCode.ERROR, message: "no answer" })
  span.end(now)
}

/** A failure as semantic conventions spell it; handlers may throw anything. */
function describe(error: unknown): Record<string, string> {
  if (!isError(error)) return { "exception.message": errorTexts(error).message }
  const { name, message, stack } = errorTexts(error)
  return { "exception.type": name, "exception.message": message, ...(stack ? { "exception.stacktrace": stack } : {}) }
}
