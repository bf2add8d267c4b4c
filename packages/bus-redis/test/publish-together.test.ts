import { type AxiomEvent, FabraError, type PublishResult } from "@fabra/events"
import { TcpProxy } from "@fabra/test-support"
import { afterEach, describe, expect, test } from "vitest"
import type { RedisEventBus } from "../src/index.js"
import { entityIn, eventIn, eventsIn, isExternal, join, PARTITIONS, TestRedis } from "./support.js"

const redis = new TestRedis()
const proxies: TcpProxy[] = []

afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close()
})

/** How often the commands ran during `work`. */
async function calls(commands: readonly string[], work: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const stats = await redis.raw.info("commandstats")
    const each = commands.map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0))
    return each.reduce((sum, n) => sum + n, 0)
  }
  const before = await count()
  await work()
  return (await count()) - before
}

/** As many publishes as events, all in one turn, each in a callback of its own as those of sockets are. */
function publishEach(bus: RedisEventBus, events: readonly AxiomEvent[]): Promise<PublishResult[]> {
  return Promise.all(
    events.map(async (event) => {
      await new Promise((resolve) => setImmediate(resolve))
      const [result] = await bus.publish([event])
      return result as PublishResult
    }),
  )
}

/** `new`, `duplicate`, or the code of the error. */
function outcomes(results: readonly PublishResult[]): string[] {
  return results.map((result) => (result.ok ? (result.duplicate ? "duplicate" : "new") : result.error.code))
}

const round = Array.from({ length: 40 }, (_, i) => i % PARTITIONS)

/** The ids in a stream, in order. */
async function stored(stream: string): Promise<string[]> {
  return (await redis.raw.xrange(stream, "-", "+")).map(([, [, data]]) => JSON.parse(data as string).event_id)
}

describe.skipIf(isExternal)("publishes of one turn", () => {
  test("are one call, and each is given its own answer, in the order of the calls", async () => {
    const space = redis.space()
    const bus = space.bus()
    await bus.publish(eventIn(0))
    const events = round.map((partition) => eventIn(partition))
    let results: PublishResult[] = []
    expect(await calls(["evalsha"], async () => (results = await publishEach(bus, events)))).toBe(1)
    expect(results.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId))
    expect(results.map((result) => result.ok && result.partition)).toEqual(round)
    for (const index of [1, 2, 3]) {
      expect(await stored(space.stream(index))).toEqual(
        events.filter(({ entityId }) => entityId === entityIn(index)).map(({ eventId }) => eventId),
      )
    }
  })

  test("and those of many events, are as few calls as the limits allow", async () => {
    const bus = redis.space().bus()
    await bus.publish(eventIn(0))
    const many = [0, 1, 2, 3].flatMap((partition) => eventsIn(partition, 5))
    expect(await calls(["evalsha"], () => bus.publish(many))).toBe(1)
    const long = eventsIn(0, 1200)
    expect(await calls(["evalsha"], () => Promise.all([bus.publish(long), publishEach(bus, [eventIn(1)])]))).toBe(4)
  })

  test("that wait for a replica are one call of their own", async () => {
    const bus = redis.space().bus({ commandTimeoutMs: 100 })
    const publish = (event: AxiomEvent) => bus.publish(event, { durability: "replicated" }).catch((error) => error.code)
    await publish(eventIn(0))
    const codes: unknown[] = []
    const work = async () => codes.push(...(await Promise.all([0, 1, 2, 3].map((i) => publish(eventIn(i))))))
    // The events, what is waited for, and the wait.
    expect(await calls(["eval", "wait"], work)).toBe(3)
    expect(codes).toEqual(round.slice(0, 4).map(() => "publish_unknown"))
  })

  test("of the same id are one event", async () => {
    const space = redis.space()
    const bus = space.bus()
    const event = eventIn(0)
    const results = await publishEach(bus, [event, eventIn(1), event])
    expect(outcomes(results)).toEqual(["new", "new", "duplicate"])
    expect(results[2]).toEqual({ ...results[0], duplicate: true })
    expect(await redis.raw.xlen(space.stream(0))).toBe(1)
  })

  test("need no window to be told apart", async () => {
    const space = redis.space()
    const bus = space.bus({ dedupeWindowMs: 0, maxEventsPerPartition: 2 })
    const event = eventIn(0)
    const results = await publishEach(bus, [event, eventIn(1), event, eventIn(1), eventIn(1), eventIn(2)])
    expect(outcomes(results)).toEqual(["new", "new", "new", "new", "bus_full", "new"])
    expect(await stored(space.stream(0))).toEqual([event.eventId, event.eventId])
  })

  test("go on when Redis has forgotten the script in between", async () => {
    const space = redis.space()
    const bus = space.bus()
    const [before, after] = [eventsIn(2, 5), eventsIn(2, 5)]
    expect(outcomes(await publishEach(bus, before))).toEqual(before.map(() => "new"))
    await redis.raw.script("FLUSH")
    expect(outcomes(await publishEach(bus, [...after, eventIn(0)]))).toEqual([...after.map(() => "new"), "new"])
    expect(await stored(space.stream(2))).toEqual([...before, ...after].map(({ eventId }) => eventId))
  })

  test("are there once when the answer was lost", async () => {
    const [space, way] = [redis.space(), await TcpProxy.to(redis.server.url)]
    proxies.push(way)
    const bus = space.bus({ url: way.url })
    await bus.publish(eventIn(0))
    way.cutAfter(0)
    const events = [...eventsIn(1, 3), ...eventsIn(2, 3)]
    expect(outcomes(await publishEach(bus, events))).toEqual(events.map(() => "duplicate"))
    expect(await Promise.all([1, 2].map((index) => redis.raw.xlen(space.stream(index))))).toEqual([3, 3])
  })
})

describe.skipIf(isExternal)("what one publish suffers, the others of its turn do not:", () => {
  test("a full partition", async () => {
    const bus = redis.space().bus({ maxEventsPerPartition: 2 })
    const known = eventIn(0)
    await bus.publish(known)
    const results = await publishEach(bus, [eventIn(0), eventIn(1), eventIn(0), known, eventIn(2)])
    expect(outcomes(results)).toEqual(["new", "new", "bus_full", "duplicate", "new"])
  })

  test("a stream that is something else", async () => {
    const space = redis.space()
    await redis.raw.set(space.stream(1), "not a stream")
    const results = await publishEach(space.bus(), [eventIn(0), eventIn(1), eventIn(2), eventIn(1)])
    expect(outcomes(results)).toEqual(["new", "internal", "new", "internal"])
    const errors = results.flatMap((result) => (result.ok ? [] : [result.error]))
    expect(errors[0]).not.toBe(errors[1])
  })

  test("an end of patience; what was given up before it was sent is not sent", async () => {
    const [space, way] = [redis.space(), await TcpProxy.to(redis.server.url)]
    proxies.push(way)
    const bus = space.bus({ url: way.url, commandTimeoutMs: 20_000 })
    await bus.publish(eventIn(3))
    way.hold("both")
    const [early, late] = [new AbortController(), new AbortController()]
    const events = [eventIn(0), eventIn(1), eventIn(2)]
    const [first, second, third] = events.map((event, i) =>
      bus.publish([event], { ...(i < 2 && { signal: (i === 0 ? early : late).signal }) }),
    )
    await Promise.resolve() // they wait for the end of the turn
    early.abort()
    expect(outcomes((await first) ?? [])).toEqual(["publish_unknown"])
    await new Promise((resolve) => setTimeout(resolve, 20))
    late.abort()
    expect(outcomes((await second) ?? [])).toEqual(["publish_unknown"])
    way.cut()
    way.release()
    expect(outcomes((await third) ?? [])).toEqual(["new"])
    expect(await Promise.all([0, 1, 2].map((index) => redis.raw.xlen(space.stream(index))))).toEqual([0, 1, 1])
  })

  test("but each is told of a failure of all by an error of its own", async () => {
    const way = await TcpProxy.to(redis.server.url)
    proxies.push(way)
    const bus = redis.space().bus({ url: way.url, commandTimeoutMs: 300 })
    await bus.publish(eventIn(0))
    way.hold("both")
    const results = await publishEach(bus, [eventIn(0), eventIn(0), eventIn(1)])
    expect(outcomes(results)).toEqual(["publish_unknown", "publish_unknown", "publish_unknown"])
    expect(new Set(results.map((result) => !result.ok && result.error)).size).toBe(3)
    expect(results.every((result) => !result.ok && result.error instanceof FabraError)).toBe(true)
  })
})

describe.skipIf(isExternal)("one call to several streams", () => {
  test("is tried again as a whole when Redis refuses it for a while", async () => {
    const bus = redis.space().bus({ commandTimeoutMs: 20_000 })
    await bus.publish(eventIn(0))
    await redis.raw.config("SET", "min-replicas-to-write", "1")
    const published = publishEach(bus, [eventIn(0), eventIn(1)])
    await new Promise((resolve) => setTimeout(resolve, 100))
    await redis.raw.config("SET", "min-replicas-to-write", "0")
    expect(outcomes(await published)).toEqual(["new", "new"])
  })

  test("without memory takes only what makes room in its own stream", async () => {
    const space = redis.space()
    const bus = space.bus({ retentionMs: 3_600_000 })
    const { subscription, take } = await join(bus)
    const results = await bus.publish([eventIn(0), eventIn(1), eventIn(2)])
    await take(3)
    for (const result of results) if (result.ok) await subscription.checkpoint(result.partition, result.position, 1)
    // Settled, and trimmed already: nothing is left there that could make way.
    await redis.raw.xtrim(space.stream(0), "MAXLEN", "=", 0)
    await redis.raw.xtrim(space.stream(2), "MAXLEN", "=", 0)
    await redis.raw.config("SET", "maxmemory", "1")
    try {
      const taken = await publishEach(bus, [eventIn(0), eventIn(1), eventIn(2), eventIn(0)])
      expect(outcomes(taken)).toEqual(["bus_full", "new", "bus_full", "bus_full"])
    } finally {
      await redis.raw.config("SET", "maxmemory", "0")
    }
  })
})
