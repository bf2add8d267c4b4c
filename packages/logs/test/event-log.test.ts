import { FeatureStore, type Logger, type Telemetry } from "@fabra/core"
import { createEvent, type JsonObject, MemoryEventBus } from "@fabra/events"
import { AxiomWorker } from "@fabra/worker"
import { pino } from "pino"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createLogger, eventLog } from "../src/index.js"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Collects lines of JSON. */
function sink() {
  const lines: Record<string, unknown>[] = []
  return { lines, write: (text: string) => void lines.push(JSON.parse(text)) }
}

/** Tells `telemetry` of an applied event. */
function apply(telemetry: Telemetry, options: { payload?: JsonObject; failed?: string[]; repeated?: boolean } = {}) {
  const { payload = {}, failed = [], repeated = false } = options
  telemetry.eventApplied?.({
    event: createEvent({ eventType: "purchase", entityId: "user_123", eventId: "evt_abc", payload }),
    entityType: "User",
    entityId: "user_123",
    partition: 3,
    featuresUpdated: ["last_purchase", "total_purchases"],
    featuresFailed: failed,
    attempts: 2,
    repeated,
    durationMs: 12,
    freshnessMs: 15,
  })
}

test("a line has the seed's fields, in its order and spelling, and what an operator needs besides", () => {
  const { lines, write } = sink()
  apply(eventLog(createLogger({ destination: { write } })))
  expect(lines).toEqual([
    {
      level: "info",
      time: "2026-01-01T00:00:00.000Z",
      event_type: "purchase",
      entity_id: "user_123",
      event_id: "evt_abc",
      duration_ms: 12,
      features_updated: ["last_purchase", "total_purchases"],
      attempts: 2,
      partition: 3,
      lag_ms: 15,
      message: "event applied",
    },
  ])
  const { time: _, ...rest } = lines[0] as Record<string, unknown>
  expect(Object.keys(rest).slice(0, 6)).toEqual([
    "level",
    "event_type",
    "entity_id",
    "event_id",
    "duration_ms",
    "features_updated",
  ])
})

test("a worker's events are told, one line each, with the tries that failed and what failed for good", async () => {
  vi.useRealTimers()
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  store.feature("good", { entity: User, trigger: "x", compute: () => 1 })
  store.feature("bad", { entity: User, trigger: "x", maxRetries: 1, compute: () => Promise.reject(new Error("no")) })
  const bus = new MemoryEventBus({ partitions: 2 })
  const { lines, write } = sink()
  const logger = createLogger({ destination: { write } })
  const worker = new AxiomWorker(store, { bus, logger, retryBaseMs: 1, telemetry: eventLog(logger) })
  const running = worker.run()
  await bus.publish(createEvent({ eventType: "x", entityId: "ann", eventId: "e1" }))
  await worker.idle()
  await worker.stop()
  await running
  const event = { event_type: "x", entity_id: "ann", event_id: "e1" }
  const error = expect.objectContaining({ message: "no", stack: expect.any(String) })
  expect(lines).toEqual([
    expect.objectContaining({ ...event, level: "warn", feature: "bad", attempt: 1, error }),
    expect.objectContaining({ ...event, level: "error", message: "dead letter", features: ["bad"], error }),
    expect.objectContaining({ ...event, level: "error", features_updated: ["good"], features_failed: ["bad"] }),
  ])
})

test("beyond so many a second events are only counted; the next line says how many; failures are always told", () => {
  const { lines, write } = sink()
  const telemetry = eventLog(createLogger({ destination: { write } }), { maxPerSecond: 3 })
  for (let i = 0; i < 10; i++) apply(telemetry)
  expect(lines).toHaveLength(3)
  for (let i = 0; i < 5; i++) apply(telemetry, { failed: ["refunds"] })
  expect(lines).toHaveLength(8)
  expect(lines.map(({ events_skipped }) => events_skipped)).toEqual([...Array(3), 7, ...Array(4)])
  for (let i = 0; i < 4; i++) apply(telemetry)
  vi.advanceTimersByTime(1000)
  apply(telemetry)
  expect(lines.at(-1)).toMatchObject({ level: "info", events_skipped: 4 })
})

test("an event that had been settled before is not told again", () => {
  const { lines, write } = sink()
  apply(eventLog(createLogger({ destination: { write } })), { repeated: true })
  expect(lines).toEqual([])
})

test("the payload is told when asked for, but for what nobody may read; the event itself stays as it is", () => {
  const { lines, write } = sink()
  const payload = {
    amount: 5,
    email: "ann@example.com",
    card: { number: "4111", brand: "visa" },
    items: [{ sku: "a", note: "for Bob" }, { sku: "b" }],
  }
  const before = structuredClone(payload)
  const redact = ["email", "card.number", "items[*].note", "not.there"]
  apply(eventLog(createLogger({ destination: { write } }), { payload: true, redact }), { payload })
  const line = lines[0] as { payload: typeof payload }
  expect(line.payload).toEqual({
    amount: 5,
    email: "[redacted]",
    card: { number: "[redacted]", brand: "visa" },
    items: [{ sku: "a", note: "[redacted]" }, { sku: "b" }],
  })
  expect(payload).toEqual(before)
})

test.each([
  ["redact", { redact: [""] }],
  ["maxPerSecond", { maxPerSecond: -1 }],
  ["maxPerSecond", { maxPerSecond: Number.NaN }],
])("what makes no sense is refused when it is set: %s", (path, options) => {
  const refused = expect.objectContaining({ code: "invalid_setting", path })
  expect(() => eventLog(createLogger(), { payload: true, ...options })).toThrow(refused)
})

test("the app's own pino tells it in the app's way", () => {
  const { lines, write } = sink()
  apply(eventLog(pino({ base: { service: "shop" } }, { write })))
  expect(lines).toMatchObject([{ level: 30, service: "shop", event_type: "purchase", msg: "event applied" }])
})

test("any logger with the same three methods will do", () => {
  const told: unknown[] = []
  const tell = (fields: object, message: string) => told.push([message, fields])
  const logger: Logger = { info: tell, warn: tell, error: tell }
  apply(eventLog(logger), { failed: ["refunds"] })
  expect(told).toEqual([["event failed", expect.objectContaining({ features_failed: ["refunds"] })]])
})
