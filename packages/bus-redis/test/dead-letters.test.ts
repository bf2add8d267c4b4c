import { encodeEvent, type NewDeadLetter } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { eventIn, isExternal, TestRedis } from "./support.js"

const redis = new TestRedis()
const event = eventIn(0)

function letter(n: number, more: Partial<NewDeadLetter> = {}): NewDeadLetter {
  return {
    group: "workers",
    partition: 0,
    position: `01764000000000-${String(n).padStart(10, "0")}`,
    data: encodeEvent(event),
    eventId: event.eventId,
    eventType: event.eventType,
    entityId: event.entityId,
    entityType: "User",
    features: ["total"],
    reason: "handler_failed",
    error: { name: "Error", message: "no" },
    attempts: 4,
    firstFailedAt: 1_764_000_000_000 + n,
    lastFailedAt: 1_764_000_000_000 + n,
    ...more,
  }
}

test("are one stream with flat fields that redis-cli shows", async () => {
  const space = redis.space()
  await space.bus().deadLetters.append([letter(1)])
  const [[, fields] = ["", []]] = await redis.raw.xrange(`${space.namespace}:dlq`, "-", "+")
  expect(fields).toEqual(
    expect.arrayContaining(["event_id", event.eventId, "reason", "handler_failed", "attempts", "4"]),
  )
})

test("are added once, in one call, in many, and after they are gone", async () => {
  const { deadLetters } = redis.space().bus()
  await deadLetters.append([letter(1), letter(1), letter(2)])
  await deadLetters.append([letter(2), letter(3)])
  const { entries } = await deadLetters.list()
  expect(entries.map(({ firstFailedAt }) => firstFailedAt % 10)).toEqual([1, 2, 3])
  expect(await deadLetters.discard(entries.map(({ id }) => id))).toBe(3)
  await deadLetters.append([letter(1)])
  expect(await deadLetters.stats()).toEqual({ count: 0, oldestAt: null })
})

test("page through, filtered, over more than one scan", async () => {
  const { deadLetters } = redis.space().bus()
  await deadLetters.append(
    Array.from({ length: 250 }, (_, n) => letter(n, { reason: n % 2 ? "handler_failed" : "handler_timeout" })),
  )
  const seen: number[] = []
  let pages = 0
  for (let after: string | undefined; ; pages++) {
    const page = await deadLetters.list({ reason: "handler_timeout" }, after ? { after, limit: 50 } : { limit: 50 })
    seen.push(...page.entries.map(({ firstFailedAt }) => firstFailedAt % 1000))
    if (page.next === null) break
    after = page.next
  }
  expect(seen).toEqual(Array.from({ length: 125 }, (_, i) => 2 * i))
  expect(pages).toBe(2)
  expect(await deadLetters.stats()).toEqual({ count: 250, oldestAt: expect.any(Number) })
})

test("are found by their id, also in the spelling of redis-cli, and not by nonsense", async () => {
  const space = redis.space()
  const { deadLetters } = space.bus()
  await deadLetters.append([letter(1)])
  const { entries } = await deadLetters.list()
  const [[streamId] = [""]] = await redis.raw.xrange(`${space.namespace}:dlq`, "-", "+")
  expect(await deadLetters.get(entries[0]?.id as string)).toEqual(entries[0])
  expect(await deadLetters.get(streamId)).toEqual(entries[0])
  expect(await deadLetters.get("nonsense")).toBeUndefined()
  expect(await deadLetters.get("5-5")).toBeUndefined()
  expect(await deadLetters.discard(["nonsense", "5-5"])).toBe(0)
})

test("replay publishes the event aimed at its features and takes it off the queue", async () => {
  const space = redis.space()
  const bus = space.bus()
  await bus.deadLetters.append([letter(1), letter(2, { data: "not an event" })])
  const [first, second] = (await bus.deadLetters.list()).entries.map(({ id }) => id)
  const outcomes = await bus.deadLetters.replay([first as string, first as string, second as string, "nonsense"])
  expect(outcomes.map(({ status }) => status)).toEqual(["replayed", "not_found", "failed", "not_found"])
  const [[, fields] = ["", []]] = await redis.raw.xrange(space.stream(0), "-", "+")
  expect(JSON.parse(fields[1] as string)).toMatchObject({
    entity_id: event.entityId,
    replay: { of: event.eventId, group: "workers", features: ["total"], entityType: "User" },
  })
  expect((await bus.deadLetters.stats()).count).toBe(1)
})

test("discard takes entries off the queue and tells workers to forget what could be read", async () => {
  const space = redis.space()
  const { deadLetters } = space.bus()
  await deadLetters.append([letter(1), letter(2, { data: "not an event", features: [], reason: "invalid_event" })])
  const ids = (await deadLetters.list()).entries.map(({ id }) => id)
  expect(await deadLetters.discard([...ids, ...ids])).toBe(2)
  const published = await redis.raw.xrange(space.stream(0), "-", "+")
  expect(published.map(([, [, data]]) => JSON.parse(data as string).replay)).toEqual([
    {
      of: event.eventId,
      group: "workers",
      features: ["total"],
      entityType: "User",
      position: letter(1).position,
      discard: true,
    },
  ])
})

test.skipIf(isExternal)("are written, discarded and replayed also when memory is full", async () => {
  const space = redis.space()
  const bus = space.bus()
  const { deadLetters } = bus
  await bus.publish(event)
  await redis.raw.config("SET", "maxmemory", "1")
  try {
    await expect(bus.publish(eventIn(1))).rejects.toMatchObject({ code: "bus_full" })
    await deadLetters.append([letter(1), letter(2)])
    const [first, second] = (await deadLetters.list()).entries.map(({ id }) => id) as [string, string]
    expect(await deadLetters.discard([first])).toBe(1)
    expect(await deadLetters.replay([second])).toEqual([{ id: second, status: "replayed" }])
  } finally {
    await redis.raw.config("SET", "maxmemory", "0")
  }
  expect((await deadLetters.stats()).count).toBe(0)
  expect(await redis.raw.xlen(space.stream(0))).toBe(3)
})

test("an entry that somebody else has written keeps nobody from the others, and can be discarded", async () => {
  const space = redis.space()
  const { deadLetters } = space.bus()
  await redis.raw.xadd(`${space.namespace}:dlq`, "*", "hello", "world")
  await deadLetters.append([letter(1)])
  const { entries } = await deadLetters.list()
  expect(entries.map(({ features }) => features)).toEqual([[], ["total"]])
  for (const { firstFailedAt, lastFailedAt } of entries) {
    expect(new Date(firstFailedAt).toISOString() <= new Date(lastFailedAt).toISOString()).toBe(true)
  }
  expect(await deadLetters.list({ reason: "handler_failed" })).toMatchObject({ entries: [{ features: ["total"] }] })
  const ids = entries.map(({ id }) => id)
  expect((await deadLetters.replay(ids)).map(({ status }) => status)).toEqual(["failed", "replayed"])
  expect(await deadLetters.discard(ids)).toBe(1)
  expect(await deadLetters.stats()).toMatchObject({ count: 0 })
})
