import type { PartitionBatch } from "@fabra/events/adapter"
import { TcpProxy } from "@fabra/test-support"
import { expect, test } from "vitest"
import { eventIn, eventsIn, isExternal, join, numbers, PARTITIONS, TestRedis } from "./support.js"

const redis = new TestRedis()

/** Resolves when so many clients of the server wait for news. */
async function someoneWaits(count = 1): Promise<void> {
  await expect.poll(async () => /blocked_clients:(\d+)/.exec(await redis.raw.info("clients"))?.[1]).toBe(String(count))
}

test("brings all partitions in one read, each in order and from the oldest on", async () => {
  const bus = redis.space().bus()
  await bus.publish(Array.from({ length: PARTITIONS }, (_, partition) => eventsIn(partition, 10)).flat())
  const member = await join(bus)
  const batches = await member.subscription.read({ maxEvents: 400, maxWaitMs: 1_000 })
  expect(batches.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3])
  for (const batch of batches) {
    expect(numbers([batch])).toEqual([...numbers([batch])].sort((a, b) => a - b))
    expect(batch.records).toHaveLength(10)
  }
})

test("shares a read out among the partitions", async () => {
  const bus = redis.space().bus()
  await bus.publish([...eventsIn(0, 500), ...eventsIn(1, 500)])
  const member = await join(bus)
  const counts: number[][] = []
  for (let i = 0; i < 3; i++) {
    const batches = await member.subscription.read({ maxEvents: 100, maxWaitMs: 1_000 })
    counts.push(batches.map(({ records }) => records.length))
  }
  expect(counts).toEqual([
    [25, 25],
    [50, 50],
    [50, 50],
  ])
})

test.skipIf(isExternal)("an arriving event ends the wait, and so does the signal", async () => {
  const bus = redis.space().bus()
  const member = await join(bus)
  const news = member.subscription.read({ maxEvents: 10, maxWaitMs: 600_000 })
  await someoneWaits()
  await bus.publish(eventIn(3))
  expect(await news).toMatchObject([{ partition: 3 }])

  const stop = new AbortController()
  const nothing = member.subscription.read({ maxEvents: 10, maxWaitMs: 600_000, signal: stop.signal })
  await someoneWaits()
  stop.abort()
  expect(await nothing).toEqual([])
  await someoneWaits(0)
})

test("a signal that has aborted already still brings what is there", async () => {
  const bus = redis.space().bus()
  const member = await join(bus)
  await bus.publish(eventIn(0))
  const read = () => member.subscription.read({ maxEvents: 10, maxWaitMs: 600_000, signal: AbortSignal.abort() })
  expect(await read()).toMatchObject([{ partition: 0 }])
  expect(await read()).toEqual([])
})

test("an abort in the same breath as the read ends it too", async () => {
  const member = await join(redis.space().bus())
  for (let i = 0; i < 50; i++) {
    const stop = new AbortController()
    const read = member.subscription.read({ maxEvents: 10, maxWaitMs: 600_000, signal: stop.signal })
    if (i % 2) await Promise.resolve()
    stop.abort()
    expect(await read).toEqual([])
  }
})

test.skipIf(isExternal)("seek goes back, pause holds, resume wakes a waiting read", async () => {
  const bus = redis.space().bus()
  const { subscription, take } = await join(bus)
  await bus.publish([...eventsIn(0, 3), ...eventsIn(1, 1)])
  const first = await take(4)
  const inZero = first.find(({ partition }) => partition === 0) as PartitionBatch
  subscription.seek(0, inZero.records[0]?.position as string)
  expect(numbers(await take(2))).toEqual(numbers([inZero]).slice(1))
  subscription.seek(0, null)
  expect(numbers(await take(3))).toEqual(numbers([inZero]))

  subscription.pause(0)
  await bus.publish(eventIn(0))
  const waiting = subscription.read({ maxEvents: 10, maxWaitMs: 600_000 })
  await someoneWaits()
  subscription.resume(0)
  expect(await waiting).toEqual([])
  expect(await take(1)).toMatchObject([{ partition: 0 }])
})

test("brings what somebody else wrote to the stream, as a record that says nothing", async () => {
  const space = redis.space()
  const bus = space.bus()
  await bus.publish(eventIn(0))
  await redis.raw.xadd(space.stream(0), "*", "hello", "world")
  const member = await join(bus)
  const [batch] = await member.take(2)
  expect(batch?.records[1]).toMatchObject({ data: "" })
})

test("waits out a lost connection and says so, then goes on without a gap", async () => {
  const space = redis.space()
  const way = await TcpProxy.to(redis.server.url)
  const member = await join(space.bus({ url: way.url, commandTimeoutMs: 1_000 }))
  const publisher = space.bus()
  await publisher.publish(eventIn(0, { mark: "before" }))
  await member.take(1)
  const waiting = member.subscription.read({ maxEvents: 10, maxWaitMs: 600_000 })
  way.cut()
  expect(await waiting).toEqual([])
  await publisher.publish(eventIn(0, { mark: "after" }))
  const batches = await member.take(1)
  expect(batches[0]?.records[0]?.data).toContain("after")
  expect(member.notices).toContainEqual(expect.objectContaining({ level: "warn" }))
  await member.subscription.close()
  way.close()
})

test("destroys a connection that has gone silent", async () => {
  const space = redis.space()
  const way = await TcpProxy.to(redis.server.url)
  const member = await join(space.bus({ url: way.url, commandTimeoutMs: 300 }))
  await member.subscription.read({ maxEvents: 1, maxWaitMs: 1 })
  way.hold("both")
  expect(await member.subscription.read({ maxEvents: 10, maxWaitMs: 100 })).toEqual([])
  way.release()
  await space.bus().publish(eventIn(0))
  expect(await member.take(1)).toMatchObject([{ partition: 0 }])
  await member.subscription.close()
  way.close()
})

test("says once that a silent server does not answer, and once that it does again", async () => {
  const space = redis.space()
  const way = await TcpProxy.to(redis.server.url)
  // Leases are renewed too seldom to notice anything.
  const member = await join(space.bus({ url: way.url, commandTimeoutMs: 2_000 }), { leaseMs: 3_600_000 })
  const read = () => member.subscription.read({ maxEvents: 10, maxWaitMs: 10 })
  await read()
  const said = (text: string) => member.notices.filter(({ message }) => message.includes(text)).length
  way.hold("both")
  while (said("The bus does not answer") === 0) await read()
  for (let i = 0; i < 4; i++) await read()
  expect([said("The bus does not answer"), said("The bus answers again")]).toEqual([1, 0])
  way.release()
  while (said("The bus answers again") === 0) await read()
  await member.subscription.close()
  way.close()
})
