import { expect, test } from "vitest"
import { createEvent } from "../event/event.js"
import { encodeEvent } from "../event/wire.js"
import { deadLetterKey, matchesFilter, type NewDeadLetter, replayEvent } from "./dead-letter.js"

const event = createEvent({ eventType: "purchase", entityId: "user_1", eventId: "evt_1", payload: { amount: 5 } })
const entry: NewDeadLetter = {
  group: "group",
  partition: 3,
  position: "17-0",
  data: encodeEvent(event),
  entityType: "User",
  features: ["total"],
  reason: "handler_failed",
  error: { name: "Error", message: "no" },
  attempts: 4,
  firstFailedAt: 1,
  lastFailedAt: 2,
}

test("aims a replay at what failed, under an id of its own that is the same each time", () => {
  const replay = replayEvent(entry)
  expect(replay).toEqual({
    ...event,
    eventId: expect.any(String),
    replay: { of: "evt_1", group: "group", features: ["total"], entityType: "User", position: "17-0" },
  })
  expect(replayEvent({ ...entry, attempts: 9 }).eventId).toBe(replay.eventId)
  const others = [
    { group: "b" },
    { partition: 4 },
    { position: "18-0" },
    { entityType: "A" },
    { features: ["average"] },
  ]
  const ids = others.map((other) => replayEvent({ ...entry, ...other }).eventId)
  expect(new Set([event.eventId, replay.eventId, ...ids]).size).toBe(others.length + 2)
})

test("keeps the id and the position of the first failure through every replay", () => {
  const second = replayEvent({ ...entry, position: "18-0", data: encodeEvent(replayEvent(entry)) })
  expect(second.replay).toMatchObject({ of: "evt_1", position: "17-0" })
})

test("cannot replay what cannot be read", () => {
  expect(() => replayEvent({ ...entry, data: "{" })).toThrow(expect.objectContaining({ code: "invalid_event" }))
})

test("has a key that no other failure has", () => {
  const apart = [entry, { ...entry, features: [] }, { ...entry, features: ["a,b"] }, { ...entry, features: ["a", "b"] }]
  expect(new Set(apart.map(deadLetterKey)).size).toBe(apart.length)
})

test("matches every field of a filter or not at all", () => {
  const letter = { id: "1", eventType: "purchase", ...entry }
  expect(matchesFilter(letter, {})).toBe(true)
  expect(matchesFilter(letter, { group: "group", eventType: "purchase", feature: "total" })).toBe(true)
  expect(matchesFilter(letter, { group: "group", eventType: "refund" })).toBe(false)
  expect(matchesFilter(letter, { entityId: "user_1" })).toBe(false)
  expect([matchesFilter(letter, { since: 2 }), matchesFilter(letter, { until: 2 })]).toEqual([true, false])
})
