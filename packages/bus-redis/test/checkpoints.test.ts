import { expect, test } from "vitest"
import { eventIn, eventsIn, join, TestRedis } from "./support.js"

const redis = new TestRedis()

function positionsOf(results: readonly ({ ok: true; position: string } | { ok: false })[]): string[] {
  return results.map((result) => (result.ok ? result.position : ""))
}

test("is the group's own last-delivered-id, and XINFO GROUPS shows a true lag", async () => {
  const space = redis.space()
  const bus = space.bus()
  const { subscription } = await join(bus)
  const positions = positionsOf(await bus.publish(eventsIn(0, 10)))
  expect(await space.group(0, "workers")).toMatchObject({ lag: 10, "last-delivered-id": "0-0" })
  await subscription.checkpoint(0, positions[3] as string, 4)
  expect(await space.group(0, "workers")).toMatchObject({ lag: 6, "entries-read": 4, pending: 0 })
  await bus.publish(eventIn(0))
  expect(await space.group(0, "workers")).toMatchObject({ lag: 7 })
})

test("is where the next member begins, and the count goes on from there", async () => {
  const space = redis.space()
  const bus = space.bus({ retentionMs: 3_600_000 })
  const positions = positionsOf(await bus.publish(eventsIn(0, 10)))
  const first = await join(bus)
  await first.subscription.checkpoint(0, positions[3] as string, 4)
  await first.subscription.close()
  const second = await join(bus)
  expect(second.assigned.find(({ partition }) => partition === 0)?.checkpoint).toBe(positions[3])
  await second.subscription.checkpoint(0, positions[5] as string, 2)
  expect(await space.group(0, "workers")).toMatchObject({ lag: 4, "entries-read": 6 })
})

test("counts right for a group that comes when much has been trimmed", async () => {
  const space = redis.space()
  const bus = space.bus()
  const positions = positionsOf(await bus.publish(eventsIn(0, 10)))
  const first = await join(bus)
  await first.subscription.checkpoint(0, positions[5] as string, 6)
  expect(await redis.raw.xlen(space.stream(0))).toBe(4)
  const late = await join(bus, { group: "late" })
  expect((await bus.lag("late"))[0]).toMatchObject({ events: 4 })
  await late.subscription.checkpoint(0, positions[7] as string, 2)
  expect(await space.group(0, "late")).toMatchObject({ lag: 2 })
  expect((await bus.lag("late"))[0]).toMatchObject({ events: 2 })
})

test("is never lowered", async () => {
  const space = redis.space()
  const bus = space.bus()
  const { subscription } = await join(bus)
  const positions = positionsOf(await bus.publish(eventsIn(0, 3)))
  await subscription.checkpoint(0, positions[2] as string, 3)
  await subscription.checkpoint(0, positions[0] as string, 1)
  expect((await bus.lag("workers"))[0]).toMatchObject({ events: 0 })
})

test("trims what every group has settled, never past the slowest", async () => {
  const space = redis.space()
  const bus = space.bus()
  const [fast, slow] = [await join(bus, { group: "fast" }), await join(bus, { group: "slow" })]
  const positions = positionsOf(await bus.publish(eventsIn(0, 5)))
  await fast.subscription.checkpoint(0, positions[4] as string, 5)
  expect(await redis.raw.xlen(space.stream(0))).toBe(5)
  await slow.subscription.checkpoint(0, positions[1] as string, 2)
  expect(await redis.raw.xlen(space.stream(0))).toBe(3)
  expect(await slow.take(3)).toMatchObject([{ records: positions.slice(2).map((position) => ({ position })) }])
})

test("keeps settled events for the retention time", async () => {
  const space = redis.space()
  const bus = space.bus({ retentionMs: 3_600_000 })
  const { subscription } = await join(bus)
  await redis.raw.xadd(space.stream(0), "1000-0", "data", "from long ago")
  const positions = positionsOf(await bus.publish(eventsIn(0, 3)))
  await subscription.checkpoint(0, positions[2] as string, 4)
  expect(await redis.raw.xlen(space.stream(0))).toBe(3)
})

test("lag tells age and owner and what is noted, and does not know a group that is not", async () => {
  const space = redis.space()
  const bus = space.bus()
  await bus.publish(eventsIn(1, 2))
  await expect(bus.lag("workers")).rejects.toMatchObject({ code: "not_found" })
  const { subscription } = await join(bus, { consumer: "me" })
  const lag = await bus.lag("workers")
  expect(lag.map(({ partition }) => partition)).toEqual([0, 1, 2, 3])
  const held = { owner: "me", ownedMs: expect.any(Number), quarantined: 0 }
  expect(lag[0]).toEqual({ partition: 0, events: 0, oldestAgeMs: null, ...held })
  expect(lag[1]).toEqual({ partition: 1, events: 2, oldestAgeMs: expect.any(Number), ...held })
  // As a worker of an earlier version leaves it, which does not say since when it holds what.
  await redis.raw.hdel(space.keys.leases("workers"), "since\n1")
  expect((await bus.lag("workers"))[1]).toMatchObject({ owner: "me", ownedMs: null })
  await subscription.close()
  expect((await bus.lag("workers"))[1]).toMatchObject({ events: 2, owner: null })
})

test("lag counts where Redis does not", async () => {
  const space = redis.space()
  const bus = space.bus({ retentionMs: 3_600_000 })
  const { subscription } = await join(bus)
  const positions = positionsOf(await bus.publish(eventsIn(0, 1_300)))
  await subscription.checkpoint(0, positions[9] as string, 10)
  // As Redis 6 stores it: without a count of entries read.
  await redis.raw.xgroup("SETID", space.stream(0), "workers", "1-0")
  await redis.raw.xdel(
    space.stream(0),
    (await redis.raw.xrange(space.stream(0), "-", "+", "COUNT", 50))[40]?.[0] as string,
  )
  expect(await space.group(0, "workers")).toMatchObject({ lag: null })
  expect((await bus.lag("workers"))[0]).toMatchObject({ events: 1_299 })
})
