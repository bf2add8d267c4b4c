import { afterEach, describe, expect, test } from "vitest"
import { eventIn, eventsIn, isExternal, join, PARTITIONS, TestRedis } from "./support.js"

const redis = new TestRedis()

/** Only what is settled can make room, so whoever settles must be able to go on. */
describe.skipIf(isExternal)("when the memory of Redis is full", () => {
  const fill = () => redis.raw.config("SET", "maxmemory", "1")
  afterEach(() => redis.raw.config("SET", "maxmemory", "0"))

  test("members keep, share and take over leases, note attempts and store checkpoints", async () => {
    const space = redis.space()
    const bus = space.bus()
    const events = await bus.publish(eventsIn(0, 3))
    const [first, second] = events.map((result) => (result.ok ? result.position : "")) as [string, string]
    const member = await join(bus, { leaseMs: 400 })
    await fill()
    await expect.poll(() => redis.raw.hget(space.keys.leases("workers"), "0")).not.toBe(await lease())
    const other = await join(space.bus(), { leaseMs: 400 })
    await expect.poll(() => other.assigned.length, { timeout: 10_000 }).toBe(PARTITIONS / 2)
    await other.subscription.close()
    await expect.poll(() => member.assigned.length, { timeout: 10_000 }).toBe(PARTITIONS + PARTITIONS / 2)
    expect(await member.subscription.noteAttempts(0, [second], "together")).toEqual([0])
    await member.subscription.checkpoint(0, first, 1)
    expect(await space.group(0, "workers")).toMatchObject({ lag: 2 })
    expect(member.lost).toEqual([])

    async function lease() {
      return await redis.raw.hget(space.keys.leases("workers"), "0")
    }
  })

  test("a checkpoint drops what is settled, however young, and a group may join", async () => {
    const space = redis.space()
    const bus = space.bus({ retentionMs: 3_600_000 })
    const [first] = await bus.publish(eventsIn(0, 2))
    const member = await join(bus)
    await fill()
    await member.subscription.checkpoint(0, first?.ok ? first.position : "", 1)
    expect(await redis.raw.xlen(space.stream(0))).toBe(1)
    const other = await join(bus, { group: "late" })
    expect(await other.take(1)).toHaveLength(1)
  })

  test("members are told before memory is full, when it is, and when there is some again", async () => {
    const space = redis.space()
    const member = await join(space.bus(), { leaseMs: 200 })
    const told = () => member.notices.filter(({ code }) => code.startsWith("memory_")).map(({ level }) => level)
    const used = Number(/used_memory:(\d+)/.exec(await redis.raw.info("memory"))?.[1])
    await redis.raw.config("SET", "maxmemory", Math.ceil(used / 0.9))
    await expect.poll(told).toEqual(["warn"])
    await fill()
    await expect.poll(told).toEqual(["warn", "error"])
    await redis.raw.config("SET", "maxmemory", used * 10)
    await expect.poll(told).toEqual(["warn", "error", "info"])
  })

  test("a publish takes the place of settled events, however young, and is refused when there are none", async () => {
    const space = redis.space()
    const bus = space.bus({ retentionMs: 3_600_000 })
    const member = await join(bus)
    const [first, second] = await bus.publish(eventsIn(0, 2))
    await member.subscription.checkpoint(0, first?.ok ? first.position : "", 1)
    expect(await redis.raw.xlen(space.stream(0))).toBe(2)
    await fill()
    const third = await bus.publish(eventIn(0))
    await expect(bus.publish(eventIn(0))).rejects.toMatchObject({ code: "bus_full" })
    const [batch] = await member.take(2)
    expect(batch?.records.map(({ position }) => position)).toEqual([second?.ok && second.position, third.position])
  })
})
