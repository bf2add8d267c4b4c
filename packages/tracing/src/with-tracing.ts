import {
  type AxiomEvent,
  type EventBus,
  FabraError,
  type PublishOptions,
  type PublishReceipt,
  type PublishResult,
} from "@fabra/events"
import type { SubscribeOptions } from "@fabra/events/adapter"
import {
  type Context,
  context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api"
import { contextOf, readTraceparent, tracer, writeTraceparent } from "./trace-context.js"

type AnyEvent = AxiomEvent<string, object>

/**
 * A bus that makes a span of each publish, within the active span, and lets the events carry it to whoever processes
 * them. An event that has a `traceparent` of another trace keeps it, and is linked. Everything else is `bus` itself.
 *
 * @example
 * const bus = withTracing(new RedisEventBus({ url }))
 */
export function withTracing(bus: EventBus): EventBus {
  return new TracedBus(bus)
}

class TracedBus implements EventBus {
  readonly #bus: EventBus

  constructor(bus: EventBus) {
    this.#bus = bus
  }

  get capabilities() {
    return this.#bus.capabilities
  }

  get deadLetters() {
    return this.#bus.deadLetters
  }

  subscribe(options: SubscribeOptions) {
    return this.#bus.subscribe(options)
  }

  get servers() {
    return this.#bus.servers?.bind(this.#bus)
  }

  lag(group: string) {
    return this.#bus.lag(group)
  }

  checkpoints(group: string) {
    return this.#bus.checkpoints(group)
  }

  groups() {
    return this.#bus.groups()
  }

  removeGroup(group: string) {
    return this.#bus.removeGroup(group)
  }

  close() {
    return this.#bus.close()
  }

  publish(event: AnyEvent, options?: PublishOptions): Promise<PublishReceipt>
  publish(events: readonly AnyEvent[], options?: PublishOptions): Promise<PublishResult[]>
  async publish(
    events: AnyEvent | readonly AnyEvent[],
    options?: PublishOptions,
  ): Promise<PublishReceipt | PublishResult[]> {
    const all = isMany(events) ? events : [events]
    const span = startPublish(all)
    const publish = () => {
      const carrying = all.map((event) => carry(event, span.spanContext()))
      return isMany(events) ? this.#bus.publish(carrying, options) : this.#bus.publish(carrying[0] as AnyEvent, options)
    }
    try {
      const result = await context.with(trace.setSpan(context.active(), span), publish)
      if (Array.isArray(result)) markRefused(span, result)
      return result
    } catch (error) {
      span.recordException(FabraError.from(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: FabraError.from(error).code })
      throw error
    } finally {
      span.end()
    }
  }
}

function startPublish(events: readonly AnyEvent[]): Span {
  const [first] = events
  const types = new Set(events.map((event) => event?.eventType))
  const destination = types.size === 1 ? first?.eventType : undefined
  const attributes = {
    "messaging.system": "fabra",
    "messaging.operation.type": "send",
    "messaging.operation.name": "publish",
    ...(destination === undefined ? {} : { "messaging.destination.name": destination }),
    ...(events.length === 1
      ? { "messaging.message.id": String(first?.eventId) }
      : { "messaging.batch.message_count": events.length }),
  }
  const parent = parentOf(events)
  const parentTrace = trace.getSpanContext(parent)?.traceId
  const links = events.flatMap((event) => {
    const own = readTraceparent(event?.traceparent)
    return own === undefined || own.traceId === parentTrace ? [] : [{ context: own }]
  })
  const name = destination === undefined ? "publish" : `publish ${destination}`
  return tracer.startSpan(name, { kind: SpanKind.PRODUCER, attributes, links }, parent)
}

/** What is active; without that, an event that is published alone may bring its own. */
function parentOf(events: readonly AnyEvent[]): Context {
  const active = context.active()
  if (trace.getSpanContext(active) !== undefined || events.length !== 1) return active
  return contextOf(readTraceparent(events[0]?.traceparent))
}

function carry(event: AnyEvent, span: SpanContext): AnyEvent {
  if (!isSpanContextValid(span)) return event // no tracer provider, or none that makes spans
  const own = readTraceparent(event?.traceparent)
  return own === undefined || own.traceId === span.traceId ? { ...event, traceparent: writeTraceparent(span) } : event
}

function markRefused(span: Span, results: readonly PublishResult[]): void {
  const refused = results.filter(({ ok }) => !ok).length
  if (refused === 0) return
  span.setAttribute("fabra.refused", refused)
  span.setStatus({ code: SpanStatusCode.ERROR, message: `${refused} of ${results.length} events refused` })
}

function isMany<T>(events: T | readonly T[]): events is readonly T[] {
  return Array.isArray(events)
}
