import { expect, test } from "vitest"
import { systemClock } from "../clock.js"
import { createEvent } from "./event.js"

test("fills in id, time and payload", () => {
  const event = createEvent(
    { eventType: "purchase", entityId: "user_1" },
    { ...systemClock, now: () => 1_700_000_000_000 },
  )
  expect(event).toEqual({
    eventType: "purchase",
    entityId: "user_1",
    payload: {},
    timestamp: new Date(1_700_000_000_000),
    eventId: expect.stringMatching(/^evt_/),
  })
})

test("takes what it is given", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
  const input = { eventType: "a.b:c-d_1", entityId: "x/😀", eventId: "my id", payload: { amount: 1 }, traceparent }
  expect(createEvent({ ...input, timestamp: "2026-01-31T12:00:00+01:00" })).toEqual({
    ...input,
    timestamp: new Date("2026-01-31T11:00:00Z"),
  })
})

const valid = { eventType: "purchase", entityId: "user_1" }

test.each([
  ["no name", { ...valid, eventType: "" }, "invalid_name", "event_type"],
  ["a name with a space", { ...valid, eventType: "a b" }, "invalid_name", "event_type"],
  ["a name that is too long", { ...valid, eventType: "x".repeat(129) }, "invalid_name", "event_type"],
  ["no entity", { ...valid, entityId: "" }, "invalid_argument", "entity_id"],
  ["a number for an entity", { ...valid, entityId: 5 as never }, "invalid_argument", "entity_id"],
  ["an entity id that is too long", { ...valid, entityId: "ü".repeat(513) }, "invalid_argument", "entity_id"],
  ["a lone surrogate", { ...valid, entityId: "a\ud800" }, "invalid_argument", "entity_id"],
  ["a control character in an id", { ...valid, eventId: "a\nb" }, "invalid_argument", "event_id"],
  ["an event id that is too long", { ...valid, eventId: "x".repeat(257) }, "invalid_argument", "event_id"],
  ["no time", { ...valid, timestamp: "yesterday" }, "invalid_argument", "timestamp"],
  ["an invalid date", { ...valid, timestamp: new Date(Number.NaN) }, "invalid_argument", "timestamp"],
  ["an array for a payload", { ...valid, payload: [] as never }, "invalid_event", "payload"],
  ["a Date in the payload", { ...valid, payload: { at: new Date() } as never }, "invalid_event", "payload.at"],
  ["NaN in the payload", { ...valid, payload: { a: [1, Number.NaN] } }, "invalid_event", "payload.a[1]"],
  ["a bigint", { ...valid, payload: { "odd key": 1n } as never }, "invalid_event", 'payload["odd key"]'],
  ["undefined", { ...valid, payload: { a: { b: undefined } } as never }, "invalid_event", "payload.a.b"],
  ["a class instance", { ...valid, payload: { a: new Map() } as never }, "invalid_event", "payload.a"],
])("refuses %s and says where", (_, input, code, path) => {
  expect(() => createEvent(input)).toThrow(expect.objectContaining({ code, path }))
})

test("refuses a payload that refers to itself", () => {
  const payload: Record<string, unknown> = {}
  payload.self = payload
  expect(() => createEvent({ ...valid, payload })).toThrow(expect.objectContaining({ code: "invalid_event" }))
})
