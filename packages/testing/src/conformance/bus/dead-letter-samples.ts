import { type AxiomEvent, createEvent } from "@fabra/events"
import { encodeEvent, type NewDeadLetter } from "@fabra/events/adapter"

/** A failure of `event`, at a position of its own for each `n`. */
export function deadLetter(n: number, overrides: Partial<NewDeadLetter> = {}, event = failedEvent(n)): NewDeadLetter {
  return {
    group: "group",
    partition: 0,
    position: `position-${String(n).padStart(6, "0")}`,
    data: encodeEvent(event),
    eventId: event.eventId,
    eventType: event.eventType,
    entityId: event.entityId,
    entityType: "User",
    features: ["total"],
    reason: "handler_failed",
    error: { name: "TypeError", message: `no ${n}`, stack: `TypeError: no ${n}\n    at handler` },
    attempts: 4,
    firstFailedAt: 1_700_000_000_000 + n,
    lastFailedAt: 1_700_000_001_000 + n,
    ...overrides,
  }
}

/** An event with something of everything. */
export function failedEvent(n: number): AxiomEvent {
  return createEvent({
    eventType: n % 2 === 0 ? "purchase" : "refund",
    entityId: `entity/{${n}} 😀`,
    eventId: `evt_failed_${n}`,
    timestamp: 1_690_000_000_123 + n,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    payload: { n, text: 'line\nbreak "quoted" ünï 😀', deep: [{ a: null }] },
  })
}
