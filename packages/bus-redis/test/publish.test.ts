import { createEvent, FabraError } from "@fabra/events"
import { describe, expect, test } from "vitest"
import { entityIn, eventIn, eventsIn, isExternal, join, numbers, TestRedis } from "./support.js"

const redis = new TestRedis()

test("answers each event in order, and keeps the order of a partition over many chunks", async () => {
  const space = redis.space()
  const bus = space.bus()
  const events = [...eventsIn(2, 1200), ...eventsIn(0, 3), eventIn(2)]
  const results = await bus.publish(events)
  expect(results.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId))
  const positions = results.map((result) => (result.ok && result.partition === 2 ? result.position : ""))
  const inTwo = positions.filter((position) => position !== "")
  expect(inTwo).toHaveLength(1201)
  expect([...inTwo].sort()).toEqual(inTwo)
  const stored = await redis.raw.xrange(space.stream(2), "-", "+")
  expect(stored.map(([, [, data]]) => JSON.parse(data as string).event_id)).toEqual(
    events.filter(({ entityId }) => entityId === entityIn(2)).map(({ eventId }) => eventId),
  )
})

test("stores the wire form in one field, and the number of partitions with the namespace", async () => {
  const space = redis.space()
  await space.bus().publish(eventIn(1))
  const [entry] = await redis.raw.xrange(space.stream(1), "-", "+")
  expect(entry?.[1]).toEqual(["data", expect.stringContaining('"entity_id"')])
  expect(await redis.raw.hgetall(space.keys.meta)).toMatchObject({ partitions: "4", created_at: expect.any(String) })
})

describe("duplicates", () => {
  test("are answered with the first position, in a later publish and within one", async () => {
    const space = redis.space()
    const bus = space.bus()
    const event = eventIn(0)
    const [first, second] = await bus.publish([event, event])
    expect(first).toMatchObject({ ok: true, duplicate: false })
    expect(second).toEqual({ ...first, duplicate: true })
    expect(await bus.publish(event)).toMatchObject({ duplicate: true })
    expect(await redis.raw.xlen(space.stream(0))).toBe(1)
  })

  test("are forgotten when the window is over", async () => {
    const space = redis.space()
    const bus = space.bus({ dedupeWindowMs: 1 })
    const event = eventIn(0)
    await bus.publish(event)
    const remembered = space.partitions[0]?.dedupe(event.eventId, event.entityId) as string
    await expect.poll(() => redis.raw.exists(remembered)).toBe(0)
    expect(await bus.publish(event)).toMatchObject({ duplicate: false })
  })

  test("are not looked for without a window", async () => {
    const space = redis.space()
    const bus = space.bus({ dedupeWindowMs: 0 })
    const event = eventIn(0)
    await bus.publish([event, event])
    expect(await redis.raw.xlen(space.stream(0))).toBe(2)
    expect(await redis.raw.keys(`${space.namespace}:dedupe:*`)).toEqual([])
  })
})

describe("a full partition", () => {
  test("refuses what does not fit, and nothing else", async () => {
    const space = redis.space()
    const bus = space.bus({ maxEventsPerPartition: 3 })
    const known = eventIn(0)
    await bus.publish(known)
    const results = await bus.publish([...eventsIn(0, 3), known, eventIn(1)])
    expect(results.map((result) => (result.ok ? result.duplicate : result.error.code))).toEqual([
      false,
      false,
      "bus_full",
      true,
      false,
    ])
    await expect(bus.publish(eventIn(0))).rejects.toMatchObject({ code: "bus_full" })
  })

  test("makes room by dropping what every group has settled, however young", async () => {
    const space = redis.space()
    const bus = space.bus({ maxEventsPerPartition: 3, retentionMs: 3_600_000 })
    const member = await join(bus)
    const slow = await join(bus, { group: "slow" })
    await bus.publish(eventsIn(0, 3))
    const [batch] = await member.take(3)
    const last = batch?.records.at(-1)?.position as string
    await member.subscription.checkpoint(0, last, 3)
    await expect(bus.publish(eventIn(0))).rejects.toMatchObject({ code: "bus_full" })
    const second = batch?.records.at(1)?.position as string
    await slow.subscription.checkpoint(0, second, 2)
    const results = await bus.publish(eventsIn(0, 3))
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false])
    expect(await slow.take(3)).toMatchObject([{ records: { length: 3 } }])
  })
})

test("refuses an event that is too large, and only that one", async () => {
  const bus = redis.space().bus({ maxEventBytes: 300 })
  const large = createEvent({ eventType: "tested", entityId: "a", payload: { text: "x".repeat(300) } })
  const [refused, taken] = await bus.publish([large, eventIn(0)])
  expect(refused).toMatchObject({ ok: false, error: { code: "event_too_large" } })
  expect(taken).toMatchObject({ ok: true })
})

test.skipIf(isExternal)("says that it is full when Redis has no memory left", async () => {
  const bus = redis.space().bus()
  await bus.publish(eventIn(0))
  await redis.raw.config("SET", "maxmemory", "1")
  try {
    await expect(bus.publish(eventIn(0))).rejects.toMatchObject({ code: "bus_full" })
  } finally {
    await redis.raw.config("SET", "maxmemory", "0")
  }
  await bus.publish(eventIn(0))
})

test.skipIf(isExternal)("goes on when Redis has forgotten the scripts", async () => {
  const bus = redis.space().bus()
  const member = await join(bus)
  await bus.publish(eventsIn(0, 2))
  await redis.raw.script("FLUSH")
  const events = [...eventsIn(0, 600), ...eventsIn(1, 2)]
  expect(await bus.publish(events)).toSatisfy((results: { ok: boolean }[]) => results.every(({ ok }) => ok))
  const read = await member.take(604)
  const inZero = numbers(read.filter(({ partition }) => partition === 0))
  expect([...inZero].sort((a, b) => a - b)).toEqual(inZero)
})

test("a stream that is something else is told, not waited for", async () => {
  const space = redis.space()
  await redis.raw.set(space.stream(0), "not a stream")
  await expect(space.bus().publish(eventIn(0))).rejects.toMatchObject({ code: "internal" })
})

test("refuses everything once it is closed", async () => {
  const bus = redis.space().bus()
  await bus.close()
  await expect(bus.publish(eventIn(0))).rejects.toSatisfy(
    (error) => error instanceof FabraError && error.code === "bus_closed",
  )
  await expect(join(bus)).rejects.toMatchObject({ code: "bus_closed" })
})

test("waits, when it closes, for what is being published", async () => {
  const bus = redis.space().bus()
  await bus.publish(eventIn(0))
  const publishing = [bus.publish([eventIn(1)]), bus.publish(eventsIn(2, 1200))]
  await bus.close()
  const results = (await Promise.all(publishing)).flat()
  expect(results.filter(({ ok }) => ok)).toHaveLength(1201)
})
