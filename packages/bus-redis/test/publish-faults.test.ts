import { createEvent } from "@fabra/events"
import { TcpProxy } from "@fabra/test-support"
import { afterEach, expect, test } from "vitest"
import { eventIn, eventsIn, isExternal, TestRedis } from "./support.js"

const redis = new TestRedis({ appendOnly: true })
const proxies: TcpProxy[] = []

async function proxy(): Promise<TcpProxy> {
  const made = await TcpProxy.to(redis.server.url)
  proxies.push(made)
  return made
}

afterEach(() => {
  for (const made of proxies.splice(0)) made.close()
})

test("sends again what lost its reply, and it is there once", async () => {
  const [space, way] = [redis.space(), await proxy()]
  const bus = space.bus({ url: way.url })
  await bus.publish(eventIn(0))
  way.cutAfter(0)
  expect(await bus.publish(eventIn(0))).toMatchObject({ partition: 0 })
  expect(await redis.raw.xlen(space.stream(0))).toBe(2)
})

test("does not send again what could be taken twice", async () => {
  const [space, way] = [redis.space(), await proxy()]
  const bus = space.bus({ url: way.url, dedupeWindowMs: 0 })
  await bus.publish(eventIn(0))
  way.cutAfter(0)
  await expect(bus.publish(eventIn(0))).rejects.toMatchObject({ code: "publish_unknown" })
  expect(await redis.raw.xlen(space.stream(0))).toBe(2)
  expect(await bus.publish(eventIn(0))).toMatchObject({ partition: 0 })
})

test("gives up on a connection that brings no answers, then goes on by a new one", async () => {
  const [space, way] = [redis.space(), await proxy()]
  const bus = space.bus({ url: way.url, commandTimeoutMs: 300 })
  await bus.publish(eventIn(0))
  way.hold("both")
  const lost = eventIn(0)
  await expect(bus.publish(lost)).rejects.toMatchObject({ code: "publish_unknown" })
  way.abandon()
  way.release()
  expect(await bus.publish(lost)).toMatchObject({ duplicate: false })
  expect(await redis.raw.xlen(space.stream(0))).toBe(2)
})

test("knows that nothing was taken when there is no connection at all", async () => {
  const [space, way] = [redis.space(), await proxy()]
  const bus = space.bus({ url: way.url, commandTimeoutMs: 300 })
  way.close()
  await expect(bus.publish(eventIn(0))).rejects.toMatchObject({
    code: "bus_unavailable",
    message: expect.stringContaining("ECONNREFUSED"),
  })
})

test("stops waiting when it is told to", async () => {
  const [space, way] = [redis.space(), await proxy()]
  const bus = space.bus({ url: way.url, commandTimeoutMs: 60_000 })
  await bus.publish(eventIn(0))
  way.hold("both")
  const giveUp = new AbortController()
  const results = bus.publish(eventsIn(0, 2), { signal: giveUp.signal })
  giveUp.abort()
  expect(await results).toMatchObject([
    { ok: false, error: { code: "publish_unknown" } },
    { ok: false, error: { code: "publish_unknown" } },
  ])
  way.close()
})

test.skipIf(isExternal)("rides out a restart of Redis: every event once, in order", async () => {
  const space = redis.space()
  const bus = space.bus({ commandTimeoutMs: 20_000 })
  await bus.publish(eventIn(0))
  const events = eventsIn(0, 5_000)
  const published = bus.publish(events)
  await expect.poll(() => redis.raw.xlen(space.stream(0)), { interval: 1 }).toBeGreaterThan(500)
  await redis.server.kill()
  await redis.server.restart()
  const results = await published
  expect(results.filter(({ ok }) => !ok)).toEqual([])
  const stored = await redis.raw.xrange(space.stream(0), "-", "+")
  expect(stored.slice(1).map(([, [, data]]) => JSON.parse(data as string).event_id)).toEqual(
    events.map(({ eventId }) => eventId),
  )
})

test.skipIf(isExternal)("a bus with many partitions waits for Redis without complaint", async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on("warning", onWarning)
  const bus = redis.space().bus({ partitions: 64, commandTimeoutMs: 20_000 })
  await bus.publish(eventIn(0))
  await redis.server.kill()
  const events = Array.from({ length: 500 }, (_, i) => createEvent({ eventType: "tested", entityId: `e${i}` }))
  const published = bus.publish(events)
  await redis.server.restart()
  expect((await published).filter(({ ok }) => !ok)).toEqual([])
  process.off("warning", onWarning)
  expect(warnings).toEqual([])
})
