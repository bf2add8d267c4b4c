import { expect, test } from "vitest"
import { eventsIn, join, PARTITIONS, TestRedis } from "./support.js"

const redis = new TestRedis()

test("a group that nobody uses is removed with all that it had, and holds nothing back any more", async () => {
  const space = redis.space()
  const bus = space.bus()
  const old = await join(bus, { group: "old" })
  const member = await join(bus)
  const [first] = await bus.publish(eventsIn(0, 3))
  const position = first?.ok ? first.position : ""
  await old.subscription.noteAttempts(0, [position], "together")
  await old.subscription.close()
  await member.subscription.checkpoint(0, position, 1)
  expect(await redis.raw.xlen(space.stream(0))).toBe(3)

  expect(await bus.removeGroup("old")).toBe(true)
  expect(await bus.removeGroup("old")).toBe(false)
  await expect(bus.lag("old")).rejects.toMatchObject({ code: "not_found" })
  expect((await redis.raw.keys(`${space.namespace}:*`)).filter((key) => key.includes("old"))).toEqual([])
  // The next one that stores a checkpoint trims.
  const other = await join(space.bus(), { group: "other" })
  await other.subscription.checkpoint(0, position, 1)
  expect(await redis.raw.xlen(space.stream(0))).toBe(2)
})

test("a group that has members is not removed", async () => {
  const bus = redis.space().bus()
  const member = await join(bus)
  const message = expect.stringMatching(/^The group "workers" has members: "consumer-\d+"\. Stop these workers first;/)
  await expect(bus.removeGroup("workers")).rejects.toMatchObject({ code: "invalid_argument", path: "group", message })
  expect(await bus.lag("workers")).toHaveLength(PARTITIONS)
  await member.subscription.close()
  expect(await bus.removeGroup("workers")).toBe(true)
})

test("a group that is there no more in some partitions, or never was, is no obstacle", async () => {
  const space = redis.space()
  const bus = space.bus()
  expect(await bus.removeGroup("never")).toBe(false)
  const member = await join(bus)
  await member.subscription.close()
  await redis.raw.xgroup("DESTROY", space.stream(1), "workers")
  await redis.raw.del(space.stream(2))
  expect(await bus.removeGroup("workers")).toBe(true)
})
