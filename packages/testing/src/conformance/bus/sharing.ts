import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import { type Check, places } from "./world.js"

/** What the capabilities claim, and the opposite of what they do not. */
export function testSharing(check: Check): void {
  check("can be used by other clients if it claims so, and only then", async (world) => {
    const { harness, bus } = world
    expect(harness.another !== undefined).toBe(bus.capabilities.shared)
    if (harness.another === undefined) return
    const other = await harness.another()
    const receipts = [...(await world.publish(world.events(3))), ...(await world.publish(world.events(3), other))]
    for (const [i, client] of [bus, other].entries()) {
      const reader = await world.joinAlone({ bus: client, group: `group-${i}` })
      expect(places(await reader.take(6))).toEqual(places(receipts))
    }
    expect((await other.lag("group-0"))[0]).toMatchObject({ events: 6 })
  })

  check("goes on where another client stopped, again and again", async (world) => {
    const [one, other] = [world.bus, await world.other()]
    // One is idle for a while, in which the log moves on without it.
    for (const bus of [one, other, one, one, one, one, one, other, one, other]) {
      const receipts = await world.publish(world.events(20), bus)
      const reader = await world.joinAlone({ bus })
      const records = await reader.take(receipts.length)
      expect(places(records)).toEqual(places(receipts))
      await reader.settle(records.at(-1) as TakenRecord)
      await reader.subscription.close()
    }
  })

  check("keeps events when the client that published them goes, if it is persistent", async (world) => {
    const { shared, persistent } = world.bus.capabilities
    const { another, reopen } = world.harness
    expect(reopen !== undefined).toBe(persistent && !shared)
    const next = reopen ?? another
    if (!persistent || next === undefined) return
    const positions = await world.fill(5)
    await world.bus.close()
    const reader = await world.joinAlone({ bus: await next() })
    expect((await reader.take(5)).map(({ position }) => position)).toEqual(positions)
  })

  check("refuses a client that is set up with another number of partitions", async (world) => {
    if (world.harness.another === undefined) return
    await world.fill(1)
    const { another } = world.harness
    const join = async () => world.join({ bus: await another({ partitions: world.options.partitions + 1 }) })
    await expect(join()).rejects.toMatchObject({ code: "partition_mismatch" })
    const publish = async () => (await another({ partitions: 3 })).publish(world.event("entity"))
    await expect(publish()).rejects.toMatchObject({ code: "partition_mismatch" })
  })

  check("names itself and says what keeps readers from seeing what may be lost", async ({ bus, options }) => {
    const { name, durableReads, maxEventBytes } = bus.capabilities
    expect(name).toMatch(/\S/)
    expect(["inherent", "confirmed", "none"]).toContain(durableReads)
    expect(maxEventBytes).toBe(options.maxEventBytes)
  })
}
