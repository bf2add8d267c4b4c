import type { NewDeadLetter } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { fromEntry, toFields } from "./dead-letter-fields.js"

const full: NewDeadLetter = {
  group: "workers",
  partition: 3,
  position: "01764000000000-0000000042",
  data: '{"event_id":"e1"}',
  eventId: "e1",
  eventType: "purchase",
  entityId: "user, \u{1f600}",
  entityType: "User",
  features: ["total, purchases", "last"],
  reason: "handler_failed",
  error: { name: "TypeError", message: "no\nway", stack: "at x" },
  attempts: 4,
  firstFailedAt: 1_764_000_000_123,
  lastFailedAt: 1_764_000_001_000,
}

test("writes flat fields with the names that people see, and reads them back", () => {
  const fields = toFields(full)
  expect(fields.filter((_, i) => i % 2 === 0)).toEqual([
    "event_id",
    "event_type",
    "entity_id",
    "entity_type",
    "features",
    "reason",
    "error_name",
    "error_message",
    "attempts",
    "first_failed_at",
    "last_failed_at",
    "group",
    "partition",
    "position",
    "event",
    "error_stack",
  ])
  expect(fields).toContain("2025-11-24T16:00:00.123Z")
  expect(fromEntry(["7-1", fields])).toEqual({ id: "00000000000007-0000000001", ...full })
})

test("leaves out what is absent", () => {
  const { eventId, eventType, entityId, entityType, ...rest } = full
  const unread: NewDeadLetter = { ...rest, features: [], error: { name: "E", message: "" }, data: "" }
  expect(fromEntry(["7-1", toFields(unread)])).toEqual({ id: "00000000000007-0000000001", ...unread })
})

test("bears an entry that somebody else has written", () => {
  const entry = fromEntry(["7-1", ["features", "not json", "hello", "world"]])
  expect(entry).toMatchObject({ data: "", features: [] })
})

test("an entry of somebody else has the time at which it came, and no number that is none", () => {
  const foreign = fromEntry([
    "1764000000123-1",
    ["hello", "world", "attempts", "many", "reason", "bored", "partition", "-1"],
  ])
  expect(foreign).toEqual({
    id: "01764000000123-0000000001",
    group: "",
    partition: 0,
    position: "",
    data: "",
    features: [],
    reason: "invalid_event",
    error: { name: "Error", message: "The entry tells no error: no worker has written it." },
    attempts: 0,
    firstFailedAt: 1_764_000_000_123,
    lastFailedAt: 1_764_000_000_123,
  })
})
