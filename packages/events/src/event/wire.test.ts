import fc from "fast-check"
import { expect, test } from "vitest"
import { systemClock } from "../clock.js"
import type { AxiomEvent } from "./event.js"
import { MAX_DEPTH } from "./json.js"
import { decodeEvent, encodeEvent, parseEvent } from "./wire.js"

const text = (maxLength: number) => fc.string({ unit: "binary", minLength: 1, maxLength })
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/)

// JSON has one zero only; all else must come back as it was.
const noMinusZero = (_: string, value: unknown) => (value === 0 ? 0 : value)
const payload = fc
  .dictionary(text(20), fc.jsonValue({ maxDepth: 4 }))
  .map((value) => JSON.parse(JSON.stringify(value), noMinusZero))

const anyEvent: fc.Arbitrary<AxiomEvent> = fc.record(
  {
    eventType: name,
    entityId: text(256), // at most four bytes each
    eventId: text(64).map((id) => id.replace(/\p{Cc}/gu, "?")),
    timestamp: fc.date({ min: new Date(-62_167_219_200_000), max: new Date(253_402_300_799_999), noInvalidDate: true }),
    payload,
    traceparent: fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
    awaited: fc.constant(true),
    replay: fc.record({ of: text(20), group: name, features: fc.array(name) }),
  },
  { requiredKeys: ["eventType", "entityId", "eventId", "timestamp", "payload"] },
)

test("gives back every event it spelled", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const spelled = encodeEvent(event)
      expect(spelled).not.toContain("\n")
      expect(decodeEvent(spelled)).toEqual(event)
      expect(encodeEvent(decodeEvent(spelled))).toBe(spelled)
    }),
    { numRuns: 300 },
  )
})

const fields = {
  event_id: "evt_1",
  event_type: "purchase",
  entity_id: "user_1",
  timestamp: "2026-01-31T12:00:00.000Z",
  payload: { amount: 5 },
}
const event = {
  eventId: "evt_1",
  eventType: "purchase",
  entityId: "user_1",
  timestamp: new Date("2026-01-31T12:00:00Z"),
  payload: { amount: 5 },
}

test("spells events in snake_case", () => {
  expect(JSON.parse(encodeEvent(event))).toEqual(fields)
  expect(decodeEvent(JSON.stringify(fields))).toEqual(event)
})

test.each(Object.keys(fields))("says that %s is missing", (field) => {
  const { [field as "payload"]: _, ...rest } = fields
  expect(() => decodeEvent(JSON.stringify(rest))).toThrow(
    expect.objectContaining({ code: "invalid_event", path: field, message: `The event has no ${field}.` }),
  )
})

test.each([
  ["event_id", 5],
  ["event_id", "a\u0000"],
  ["event_type", "a b"],
  ["event_type", null],
  ["entity_id", ""],
  ["entity_id", ["a"]],
  ["entity_id", "x".repeat(1025)],
  ["timestamp", "soon"],
  ["timestamp", null],
  ["payload", null],
  ["payload", []],
  ["payload", "text"],
  ["replay", {}],
  ["replay", { of: "a", group: "b", features: [1] }],
])("says that %s cannot be %j", (field, value) => {
  const spelled = JSON.stringify({ ...fields, [field]: value })
  expect(() => decodeEvent(spelled)).toThrow(expect.objectContaining({ code: "invalid_event", path: field }))
})

test.each(["", "not json", "{", "\u0000"])("says that %j is not JSON", (spelled) => {
  expect(() => decodeEvent(spelled)).toThrow(expect.objectContaining({ code: "invalid_event" }))
  expect(() => decodeEvent(spelled)).toThrow(/not JSON/)
})

test.each(["null", "[]", '"text"', "5"])("says that %s is no event", (spelled) => {
  expect(() => decodeEvent(spelled)).toThrow(expect.objectContaining({ code: "invalid_event" }))
})

test("refuses what is nested too deep, however deep", () => {
  const nested = (depth: number) =>
    JSON.stringify({ ...fields, payload: {} }).replace("{}", `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`)
  expect(decodeEvent(nested(MAX_DEPTH - 1)).payload).toBeDefined()
  for (const depth of [MAX_DEPTH, 100_000]) {
    expect(() => decodeEvent(nested(depth))).toThrow(expect.objectContaining({ code: "invalid_event" }))
  }
})

test("counts size in bytes, and refuses an event one byte too large", () => {
  const wide = { ...event, payload: { text: "ü😀€" } }
  const bytes = Buffer.byteLength(encodeEvent(wide))
  expect(decodeEvent(encodeEvent(wide, bytes), bytes)).toEqual(wide)
  const tooLarge = expect.objectContaining({ code: "event_too_large" })
  expect(() => encodeEvent(wide, bytes - 1)).toThrow(tooLarge)
  expect(() => decodeEvent(encodeEvent(wide), bytes - 1)).toThrow(tooLarge)
})

test("leaves out fields it does not know, and a broken trace context", () => {
  const odd = { ...fields, extra: 1, traceparent: "garbage" }
  expect(decodeEvent(JSON.stringify(odd))).toEqual(event)
})

test("is not fooled by names that every object has", () => {
  const odd = `{"__proto__": {"replay": 1}, ${JSON.stringify({ ...fields, payload: {} }).slice(1)}`
  expect(decodeEvent(odd)).toEqual({ ...event, payload: {} })
  const spelled = JSON.stringify(fields).replace('"amount"', '"__proto__"')
  expect(encodeEvent(decodeEvent(spelled))).toBe(spelled)
})

test("fills in what people outside leave out, and takes neither replay nor awaited from them", () => {
  const clock = { ...systemClock, now: () => 1_800_000_000_000 }
  const replay = { of: "a", group: "b", features: [] }
  const parsed = parseEvent({ event_type: "purchase", entity_id: "user_1", awaited: true, replay }, clock)
  expect(parsed).toEqual({
    eventType: "purchase",
    entityId: "user_1",
    eventId: expect.stringMatching(/^evt_/),
    timestamp: new Date(1_800_000_000_000),
    payload: {},
  })
  expect(() => parseEvent({ entity_id: "a" })).toThrow(expect.objectContaining({ path: "event_type" }))
  expect(() => parseEvent({ event_type: "a" })).toThrow(expect.objectContaining({ path: "entity_id" }))
})
