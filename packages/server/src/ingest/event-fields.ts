import { type Static, Type } from "@sinclair/typebox"
import { EntityId, EventId, named, Payload, Timestamp } from "../schema/schemas.js"
import { checker } from "../schema/validation.js"

/** What every event has, however it comes. */
const common = {
  entity_id: EntityId,
  payload: Type.Optional(Payload),
  timestamp: Type.Optional(Timestamp),
  event_id: Type.Optional(EventId),
  traceparent: Type.Optional(Type.String({ description: "W3C trace context; one that is none is dropped." })),
}

/** An event whose type stands in the path; it may be repeated. */
export const TypedByPath = Type.Object(
  { ...common, event_type: Type.Optional(Type.String()) },
  {
    ...named("EventOfType"),
    examples: [{ entity_id: "user_123", payload: { amount: 99.99, product_id: "prod_456" } }],
  },
)

/** An event among many. */
export const EventFields = Type.Object(
  { event_type: Type.String({ examples: ["purchase"] }), ...common },
  named("Event"),
)

/** An event as clients write it. */
export type EventFields = OrUndefined<Static<typeof EventFields>>

/** Optional properties may also be `undefined`. */
type OrUndefined<T> = { [K in keyof T]: Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K] }

const check: (value: unknown) => asserts value is EventFields = checker(EventFields, "invalid_event")

/** @throws Problem `invalid_event` */
export function readFields(value: unknown): EventFields {
  check(value)
  return value
}
