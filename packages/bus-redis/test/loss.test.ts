import { describe, expect, test } from "vitest"
import { eventIn, eventsIn, isExternal, join, type Member, PARTITIONS, TestRedis } from "./support.js"

const redis = new TestRedis()

async function told({ notices }: Member, message: string): Promise<void> {
  await expect.poll(() => notices.map((notice) => notice.message).join("\n"), { timeout: 10_000 }).toContain(message)
}

/** What Redis can lose behind our back, and what a member must do: say so, begin anew, and go on reading. */
describe.skipIf(isExternal)("a running member", () => {
  test("is told when everything is gone, and begins anew", async () => {
    const space = redis.space()
    const bus = space.bus()
    const member = await join(bus, { leaseMs: 900 })
    await bus.publish(eventsIn(0, 3))
    await member.take(3)
    await redis.raw.flushall()
    await expect.poll(() => member.assigned.length, { timeout: 10_000 }).toBe(2 * PARTITIONS)
    expect(member.lost).toHaveLength(PARTITIONS)
    expect(member.notices).toContainEqual(
      expect.objectContaining({
        level: "error",
        message: expect.stringContaining("Redis has lost all of the bus"),
      }),
    )
    expect(await redis.raw.hget(space.keys.meta, "partitions")).toBe(String(PARTITIONS))
    await bus.publish(eventIn(0, { mark: "after" }))
    const [batch] = await member.take(1)
    expect(batch?.records[0]?.data).toContain("after")
  })

  test("makes a deleted group again at its checkpoint", async () => {
    const space = redis.space()
    const bus = space.bus()
    const member = await join(bus)
    const results = await bus.publish(eventsIn(0, 3))
    await redis.raw.xgroup("DESTROY", space.stream(0), "workers")
    const second = results[1]
    await member.subscription.checkpoint(0, second?.ok ? second.position : "", 2)
    expect(member.notices.filter(({ level }) => level === "error")).toHaveLength(1)
    expect((await bus.lag("workers"))[0]).toMatchObject({ events: 1 })
    const third = results[2]
    await member.subscription.checkpoint(0, third?.ok ? third.position : "", 3)
    expect(member.notices.filter(({ level }) => level === "error")).toHaveLength(1)
    expect((await bus.lag("workers"))[0]).toMatchObject({ events: 0 })
  })

  test("goes on with a deleted stream", async () => {
    const space = redis.space()
    const bus = space.bus()
    const member = await join(bus)
    const [result] = await bus.publish([eventIn(0)])
    await member.take(1)
    await redis.raw.del(space.stream(0))
    await member.subscription.checkpoint(0, result?.ok ? result.position : "", 1)
    expect(member.notices.some(({ level }) => level === "error")).toBe(true)
    await bus.publish(eventIn(0, { mark: "after" }))
    expect((await member.take(1))[0]?.records[0]?.data).toContain("after")
    expect((await bus.lag("workers"))[0]).toMatchObject({ events: 1 })
  })

  test("notices a group and a stream that are gone though nothing happens in them", async () => {
    const space = redis.space()
    const member = await join(space.bus(), { leaseMs: 400 })
    await redis.raw.xgroup("DESTROY", space.stream(1), "workers")
    await told(member, 'The group "workers" was gone from Redis in partition 1,')
    expect(await space.group(1, "workers")).toMatchObject({ "last-delivered-id": "0-0" })
    await redis.raw.del(space.stream(2))
    await told(member, "Redis has lost the stream of partition 2, or its end")
    expect(await space.group(2, "workers")).toMatchObject({ "last-delivered-id": "0-0" })
  })

  test("gets greater positions than before of a stream that was lost, whatever the clock of Redis says", async () => {
    const space = redis.space()
    const bus = space.bus()
    const member = await join(bus, { leaseMs: 400 })
    // As from a server whose clock was far ahead.
    await redis.raw.xadd(space.stream(0), "99999999999999-7", "data", "{}")
    await member.take(1)
    await redis.raw.del(space.stream(0))
    await told(member, "Redis has lost the stream of partition 0")
    expect(await bus.publish(eventIn(0))).toMatchObject({ position: "99999999999999-0000000008" })
    expect(await member.take(1)).toMatchObject([{ records: [{ position: "99999999999999-0000000008" }] }])

    // Somebody else has made it again before we look, which is a loss all the same.
    await redis.raw.del(space.stream(0))
    await redis.raw.xgroup("CREATE", space.stream(0), "workers", "0", "MKSTREAM")
    await expect.poll(() => member.notices.filter(({ message }) => /lost the stream/.test(message)).length).toBe(2)
    expect((await bus.publish(eventIn(0))).position > "99999999999999-0000000008").toBe(true)
  })

  test("is told that the scripts were forgotten, once", async () => {
    const member = await join(redis.space().bus(), { leaseMs: 400 })
    await redis.raw.script("FLUSH")
    await told(member, "Redis had forgotten the scripts")
    expect(member.notices.filter(({ message }) => message.includes("scripts"))).toHaveLength(1)
    expect(member.lost).toEqual([])
  })

  test("is told of events that were removed before its group had read them", async () => {
    const space = redis.space()
    const bus = space.bus()
    const results = await bus.publish(eventsIn(0, 10))
    const first = await join(bus)
    const third = results[2]
    await first.subscription.checkpoint(0, third?.ok ? third.position : "", 3)
    await first.subscription.close()
    await redis.raw.xtrim(space.stream(0), "MAXLEN", "=", 2)
    const second = await join(bus)
    expect(second.notices).toContainEqual(
      expect.objectContaining({
        level: "error",
        message: expect.stringMatching(/^5 events of partition 0 were removed/),
      }),
    )
  })

  test("is told of events that were removed before its first checkpoint, once", async () => {
    const space = redis.space()
    const bus = space.bus()
    await bus.publish(eventsIn(0, 2))
    await redis.raw.xtrim(space.stream(0), "MAXLEN", "=", 1)
    const first = await join(bus) // has nothing to do with what was removed before
    await bus.publish(eventsIn(0, 9))
    expect(first.notices).toEqual(expect.not.arrayContaining([expect.objectContaining({ code: "events_lost" })]))
    await first.subscription.close()
    await redis.raw.xtrim(space.stream(0), "MAXLEN", "=", 3)
    const second = await join(bus)
    expect(second.notices).toContainEqual(
      expect.objectContaining({ code: "events_lost", message: expect.stringMatching(/^7 events of partition 0/) }),
    )
    const records = (await second.take(3)).flatMap((batch) => batch.records)
    await second.subscription.checkpoint(0, records.at(-1)?.position as string, 3)
    await second.subscription.close()
    const third = await join(bus)
    expect(third.notices.filter(({ code }) => code === "events_lost")).toEqual([])
    expect((await bus.lag("workers"))[0]).toMatchObject({ events: 0 })
  })

  test("stops when the namespace has come back with another number of partitions", async () => {
    const space = redis.space()
    const member = await join(space.bus(), { leaseMs: 900 })
    await redis.raw.hset(space.keys.meta, "partitions", 5)
    await expect
      .poll(() => member.subscription.read({ maxEvents: 1, maxWaitMs: 100 }).then(() => "", String), {
        timeout: 10_000,
      })
      .toContain("has 5 partitions, not 4")
  })
})
