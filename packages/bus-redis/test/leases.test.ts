import { TcpProxy } from "@fabra/test-support"
import { expect, test } from "vitest"
import { eventsIn, join, PARTITIONS, TestRedis } from "./support.js"

const redis = new TestRedis()
const all = Array.from({ length: PARTITIONS }, (_, partition) => partition)

const partitionsOf = (member: { assigned: { partition: number }[]; revoked: number[]; lost: number[] }) =>
  member.assigned.length - member.revoked.length - member.lost.length

test("one member has all; two share; one takes over at once what the other lets go", async () => {
  const space = redis.space()
  const bus = space.bus()
  await bus.publish(eventsIn(0, 3))
  const first = await join(bus, { leaseMs: 3_000 })
  expect(first.assigned.map(({ partition }) => partition).sort()).toEqual(all)
  const second = await join(space.bus(), { leaseMs: 3_000 })
  await expect.poll(() => [partitionsOf(first), partitionsOf(second)], { timeout: 10_000 }).toEqual([2, 2])
  await first.subscription.close()
  await expect.poll(() => partitionsOf(second), { timeout: 10_000 }).toBe(4)
  expect(second.assigned.every(({ quarantineUntil }) => quarantineUntil === null)).toBe(true)
  expect(await redis.raw.zrange(space.keys.members("workers"), 0, -1)).toHaveLength(1)
})

test("what a dead member held is taken over in quarantine up to the log's end", async () => {
  const space = redis.space()
  const way = await TcpProxy.to(redis.server.url)
  const bus = space.bus()
  const dead = await join(space.bus({ url: way.url, commandTimeoutMs: 200 }), { leaseMs: 500, consumer: "dead" })
  const results = await bus.publish(eventsIn(0, 3))
  const end = results.at(-1)
  way.close()
  const heir = await join(bus, { leaseMs: 1_000, consumer: "heir" })
  await expect.poll(() => heir.assigned.length, { timeout: 10_000 }).toBe(PARTITIONS)
  expect(heir.assigned.find(({ partition }) => partition === 0)?.quarantineUntil).toBe(end?.ok && end.position)
  expect(heir.assigned.find(({ partition }) => partition === 1)?.quarantineUntil).toBeNull()
  await expect.poll(() => dead.lost.sort(), { timeout: 10_000 }).toEqual(all)
  await dead.subscription.close()
})

test("a take-over whose answer was lost is still one to be cautious about", async () => {
  const space = redis.space()
  const bus = space.bus()
  const leases = space.keys.leases("workers")
  const results = await bus.publish(eventsIn(0, 1))
  const end = results[0]?.ok && results[0].position
  // As a heir leaves it that took the lease and never heard of it.
  await redis.raw.hset(leases, "0", "heir\n99999999999999\nunclean", "1", "heir\n99999999999999\n")
  const heir = await join(bus, { leaseMs: 1_000, consumer: "heir" })
  expect(heir.assigned.find(({ partition }) => partition === 0)?.quarantineUntil).toBe(end)
  expect(await redis.raw.hget(leases, "0")).toMatch(/\nunclean$/)
  await expect.poll(() => redis.raw.hget(leases, "0"), { timeout: 10_000 }).toMatch(/\n$/)
})

test("a lease that ran out but was taken by nobody goes on", async () => {
  const space = redis.space()
  const member = await join(space.bus(), { leaseMs: 3_000, consumer: "sleeper" })
  const lease = await redis.raw.hget(space.keys.leases("workers"), "0")
  await redis.raw.hset(space.keys.leases("workers"), "0", String(lease).replace(/\n\d+\n$/, "\n1\n"))
  await expect
    .poll(() => redis.raw.hget(space.keys.leases("workers"), "0"), { timeout: 10_000 })
    .toMatch(/^sleeper\n[\w-]+\n\d{13}\n$/)
  expect(member.lost).toEqual([])
})

test("a lease that somebody else has is lost", async () => {
  const space = redis.space()
  const member = await join(space.bus(), { leaseMs: 1_500 })
  await redis.raw.hset(space.keys.leases("workers"), "2", "thief\n99999999999999\n")
  await expect.poll(() => member.lost, { timeout: 10_000 }).toEqual([2])
})

test("attempts count the other members that have noted a record", async () => {
  const space = redis.space()
  const bus = space.bus()
  const [one, two] = [await join(bus), await join(bus, { consumer: "odd\nname" })]
  const positions = (await bus.publish(eventsIn(0, 2))).map((result) => (result.ok ? result.position : ""))
  const [first, second] = positions as [string, string]
  expect(await one.subscription.noteAttempts(0, [second, first], "together")).toEqual([0, 0])
  expect(await one.subscription.noteAttempts(0, [first], "alone")).toEqual([0])
  expect(await two.subscription.noteAttempts(0, [first], "alone")).toEqual([1])
  expect(await one.subscription.noteAttempts(0, [first, second], "together")).toEqual([1, 0])
  expect(await one.subscription.noteAttempts(0, [second], "withdrawn")).toEqual([0])
  expect(await two.subscription.noteAttempts(0, [first, second], "together")).toEqual([1, 0])
  await one.subscription.checkpoint(0, first, 1)
  const left = await redis.raw.zrange(space.partitions[0]?.attempts("workers") as string, 0, -1)
  expect(left.map((noted) => noted.split("\n")[0])).toEqual([second])
})

test("close leaves nothing behind: no member, no lease", async () => {
  const space = redis.space()
  const member = await join(space.bus())
  await member.subscription.close()
  expect(await redis.raw.exists(space.keys.members("workers"), space.keys.leases("workers"))).toBe(0)
})
