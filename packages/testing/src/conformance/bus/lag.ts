import type { PartitionLag } from "@fabra/events"
import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import type { BusWorld, Check } from "./world.js"

const AGE_MS = 200

/** How far behind a group is, as people see it. */
export function testLag(check: Check): void {
  check("tells each partition's lag and owner", async (world) => {
    const reader = await world.joinAlone()
    await world.fill(5)
    await world.fill(1, 2)
    for (const bus of [world.bus, await world.other()]) {
      const lags = await bus.lag("group")
      expect(lags.map(({ partition }) => partition)).toEqual([0, 1, 2, 3])
      expect(lags.map(({ events }) => events)).toEqual([5, 0, 1, 0])
      expect(lags.map(({ owner }) => owner)).toEqual(Array(4).fill(reader.options.consumer))
      expect(lags.map(({ oldestAgeMs }) => oldestAgeMs !== null)).toEqual([true, false, true, false])
      expect(lags.every(({ oldestAgeMs }) => oldestAgeMs === null || oldestAgeMs >= 0)).toBe(true)
    }
  })

  check(
    "tells for how long each partition has been held, renewals and all, and begins anew with another owner",
    async (world) => {
      const first = await world.joinAlone()
      await world.patience.pass(AGE_MS + 10)
      expect((await lagOf(world)).ownedMs).toBeGreaterThanOrEqual(AGE_MS)
      await first.subscription.close()
      expect((await lagOf(world)).ownedMs).toBeNull()
      await world.joinAlone()
      expect((await lagOf(world)).ownedMs).toBeTypeOf("number")
    },
  )

  check("counts the events that are noted as run, until a checkpoint has passed them", async (world) => {
    const reader = await world.joinAlone()
    const positions = await world.fill(4)
    await reader.take(4)
    const [first, second, third] = positions as [string, string, string]
    await reader.subscription.noteAttempts(0, [first, second, third], "alone")
    expect((await lagOf(world)).quarantined).toBe(3)
    await reader.subscription.noteAttempts(0, [third], "withdrawn")
    expect((await lagOf(world)).quarantined).toBe(2)
    await reader.subscription.checkpoint(0, first, 1)
    expect((await lagOf(world)).quarantined).toBe(1)
    await reader.subscription.checkpoint(0, third, 3)
    expect((await world.bus.lag("group")).map(({ quarantined }) => quarantined)).toEqual([0, 0, 0, 0])
  })

  check("counts what lies behind the checkpoint, through every change of owner", async (world) => {
    await world.fill(6)
    let behind = 6
    for (let round = 0; round < 3; round++) {
      const reader = await world.joinAlone()
      const records = await reader.take(behind)
      await reader.settle(records[1] as TakenRecord)
      behind -= 2
      expect((await lagOf(world)).events).toBe(behind)
      await world.fill(1)
      behind += 1
      expect((await lagOf(world)).events).toBe(behind)
      await reader.subscription.close()
    }
    const reader = await world.joinAlone()
    await reader.settle((await reader.take(behind)).at(-1) as TakenRecord)
    expect(await lagOf(world)).toMatchObject({ events: 0, oldestAgeMs: null })
  })

  check("tells the age of the oldest event, not of the newest", async (world) => {
    await world.joinAlone()
    await world.fill(1)
    await world.patience.pass(AGE_MS + 10) // a timer may be a little early
    await world.fill(1)
    expect((await lagOf(world)).oldestAgeMs).toBeGreaterThanOrEqual(AGE_MS)
  })

  check("names no owner when nobody holds the partition", async (world) => {
    const reader = await world.joinAlone()
    await reader.subscription.close()
    expect((await world.bus.lag("group")).map(({ owner }) => owner)).toEqual([null, null, null, null])
  })

  check("keeps the lags of groups apart", async (world) => {
    await world.fill(3)
    await world.joinAlone({ group: "idle" })
    const busy = await world.joinAlone({ group: "busy" })
    await busy.settle((await busy.take(3))[2] as TakenRecord)
    expect((await lagOf(world, "busy")).events).toBe(0)
    expect((await lagOf(world, "idle")).events).toBe(3)
  })

  check("tells each group's stored checkpoints", async (world) => {
    const positions = await world.fill(3)
    await world.fill(1, 2)
    await world.joinAlone({ group: "idle" })
    const busy = await world.joinAlone({ group: "busy" })
    await busy.settle((await busy.take(4)).find(({ position }) => position === positions[1]) as TakenRecord)
    for (const bus of [world.bus, await world.other()]) {
      expect(await bus.checkpoints("busy")).toEqual([positions[1], null, null, null])
      expect(await bus.checkpoints("idle")).toEqual([null, null, null, null])
    }
  })

  check("counts for a group that comes late only what there is to read", async (world) => {
    const early = await world.joinAlone({ group: "early" })
    for (let round = 0; round < 10; round++) {
      await world.fill(10)
      await early.settle((await early.take(10)).at(-1) as TakenRecord)
    }
    const late = await world.joinAlone({ group: "late" })
    await world.fill(1)
    const { events } = await lagOf(world, "late")
    expect([...(await late.take(1)), ...(await late.rest())]).toHaveLength(events)
  })

  check("does not know a group that never was", async (world) => {
    await world.fill(1)
    await expect(world.bus.lag("never-was")).rejects.toMatchObject({ code: "not_found" })
    await expect(world.bus.checkpoints("never-was")).rejects.toMatchObject({ code: "not_found" })
  })
}

async function lagOf(world: BusWorld, group = "group"): Promise<PartitionLag> {
  return (await world.bus.lag(group))[0] as PartitionLag
}
