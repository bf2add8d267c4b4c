import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import type { Check } from "./world.js"

/** Which groups there are, and how one goes. */
export function testGroups(check: Check): void {
  check("tells which groups there are", async (world) => {
    expect(await world.bus.groups()).toEqual([])
    await world.joinAlone({ group: "second" })
    await world.joinAlone({ group: "first" })
    for (const bus of [world.bus, await world.other()]) expect(await bus.groups()).toEqual(["first", "second"])
  })

  check("does not remove a group that has members", async (world) => {
    const reader = await world.joinAlone()
    const positions = await world.fill(2)
    await reader.settle((await reader.take(2))[0] as TakenRecord)
    await expect((await world.other()).removeGroup("group")).rejects.toMatchObject({
      code: "invalid_argument",
      path: "group",
      message: expect.stringContaining(reader.options.consumer),
    })
    expect(await world.bus.checkpoints("group")).toEqual([positions[0], null, null, null])
  })

  check("removes a group that nobody uses, and that one alone", async (world) => {
    const gone = await world.joinAlone({ group: "gone" })
    const kept = await world.joinAlone({ group: "kept" })
    const positions = await world.fill(3)
    for (const reader of [gone, kept]) await reader.settle((await reader.take(3))[1] as TakenRecord)
    for (const reader of [gone, kept]) await reader.subscription.close()
    const other = await world.other()
    expect(await other.removeGroup("gone")).toBe(true)
    expect(await world.bus.removeGroup("gone")).toBe(false)
    expect(await world.bus.groups()).toEqual(["kept"])
    await expect(world.bus.lag("gone")).rejects.toMatchObject({ code: "not_found" })
    expect(await world.bus.checkpoints("kept")).toEqual([positions[1], null, null, null])
  })

  check("lets a group of a removed one's name begin at the oldest event there is", async (world) => {
    const first = await world.joinAlone()
    await world.joinAlone({ group: "keeper" })
    await world.fill(3)
    await first.settle((await first.take(3))[2] as TakenRecord)
    await first.subscription.close()
    await world.bus.removeGroup("group")
    expect(await (await world.joinAlone()).take(3)).toHaveLength(3)
  })

  check("does not know a group that never was, and removes nothing", async (world) => {
    expect(await world.bus.removeGroup("never-was")).toBe(false)
    expect(await world.bus.groups()).toEqual([])
    await expect(world.bus.removeGroup("no{braces}")).rejects.toMatchObject({ code: "invalid_name" })
  })

  check(
    "takes events again once the group is gone that had kept the bus full",
    async (world) => {
      const busy = await world.joinAlone({ group: "busy" })
      const idle = await world.joinAlone({ group: "idle" })
      await world.fill(10)
      await busy.settle((await busy.take(10))[9] as TakenRecord)
      const refused = world.event(world.entity(0))
      await expect(world.bus.publish(refused)).rejects.toMatchObject({ code: "bus_full" })
      await idle.subscription.close()
      await world.bus.removeGroup("idle")
      await world.bus.publish(refused)
    },
    { maxEventsPerPartition: 10 },
  )
}
