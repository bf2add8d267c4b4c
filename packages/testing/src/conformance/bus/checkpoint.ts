import type { PublishReceipt } from "@fabra/events"
import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import { type Check, places, SHORT_LEASE_MS } from "./world.js"

const CAPACITY = 40

/** Where a group reads again, and that nothing is trimmed that some group has yet to settle. */
export function testCheckpoints(check: Check): void {
  check("reads on from the stored checkpoint", async (world) => {
    const positions = await world.fill(10)
    const reader = await world.joinAlone()
    const records = await reader.take(10)
    await reader.settle(records[5] as TakenRecord)
    await reader.subscription.close()
    const next = await world.joinAlone()
    expect((await next.assignment(0)).checkpoint).toBe(positions[5])
    expect((await next.assignment(1)).checkpoint).toBeNull()
    expect((await next.take(4)).map(({ position }) => position)).toEqual(positions.slice(6))
    expect(await next.rest()).toEqual([])
  })

  check("never lowers a checkpoint", async (world) => {
    const positions = await world.fill(5)
    const reader = await world.joinAlone()
    const records = await reader.take(5)
    await reader.settle(records[3] as TakenRecord)
    await reader.settle(records[1] as TakenRecord)
    await reader.subscription.close()
    const next = await world.joinAlone()
    expect((await next.assignment()).checkpoint).toBe(positions[3])
  })

  check("keeps the checkpoint of an heir when the dead owner's arrives late", async (world) => {
    const survivor = await world.other()
    const dead = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    const positions = await world.fill(5)
    const records = await dead.take(5)
    await world.crash(dead)
    const heir = await world.joinAlone({ bus: survivor, leaseMs: SHORT_LEASE_MS })
    await heir.settle((await heir.take(5))[3] as TakenRecord)
    // A client that was cut off may fail, or never have an answer.
    const late = dead.settle(records[1] as TakenRecord).catch(() => {})
    await Promise.race([late, world.patience.pass(SHORT_LEASE_MS / 2)])
    await heir.subscription.close()
    const next = await world.joinAlone({ bus: survivor })
    expect((await next.assignment()).checkpoint).toBe(positions[3])
  })

  check("keeps the checkpoints of groups apart", async (world) => {
    const positions = await world.fill(5)
    // Both are there before one of them settles anything: a bus may trim at once.
    const readers = [await world.joinAlone({ group: "one" }), await world.joinAlone({ group: "two" })]
    for (const [i, reader] of readers.entries()) {
      await reader.settle((await reader.take(5))[i + 1] as TakenRecord)
      await reader.subscription.close()
    }
    for (const [i, group] of ["one", "two"].entries()) {
      const reader = await world.joinAlone({ group })
      expect((await reader.assignment()).checkpoint).toBe(positions[i + 1])
    }
  })

  check(
    "ignores a checkpoint of a partition that is not assigned",
    async (world) => {
      const [first, , last] = await world.fill(3)
      const owner = await world.joinAlone()
      const bystander = await world.join()
      // One of the two has the only partition; the other one must not move its checkpoint.
      await world.patience.until("one of two holds the partition", () => owner.held.size + bystander.held.size === 1)
      const idle = owner.held.size === 0 ? owner : bystander
      await idle.subscription.checkpoint(0, last as string, 3)
      await owner.subscription.close()
      await idle.subscription.checkpoint(0, first as string, 1).catch(() => {})
      await bystander.subscription.close()
      const next = await world.joinAlone()
      expect((await next.assignment()).checkpoint).toBeNull()
    },
    { partitions: 1 },
  )

  check("trims nothing that a group has yet to settle", async (world) => {
    const slow = await world.joinAlone({ group: "slow" })
    const fast = await world.joinAlone({ group: "fast" })
    const positions = await world.fill(200)
    await slow.settle((await slow.take(200))[2] as TakenRecord)
    for (const record of await fast.take(200)) await fast.settle(record)
    positions.push(...(await world.fill(50)))
    for (const record of await fast.take(50)) await fast.settle(record)

    slow.subscription.seek(0, positions[2] as string)
    expect((await slow.take(247)).map(({ position }) => position)).toEqual(positions.slice(3))
    await slow.subscription.close()
    const back = await world.joinAlone({ group: "slow" })
    expect((await back.take(247)).map(({ position }) => position)).toEqual(positions.slice(3))
  })

  check("trims nothing that a group without members has yet to settle", async (world) => {
    const gone = await world.joinAlone({ group: "gone" })
    await gone.subscription.close()
    const fast = await world.joinAlone({ group: "fast" })
    const receipts = []
    for (let round = 0; round < 30; round++) {
      // Little by little: an engine that trims whole batches or files has something to trim.
      receipts.push(...(await world.publish([...world.events(3), ...world.events(3, 1)])))
      for (const record of await fast.take(6)) await fast.settle(record)
    }
    const back = await world.joinAlone({ group: "gone" })
    const records = [...(await back.take(180)), ...(await back.rest())]
    expect(places(records).sort()).toEqual(places(receipts).sort())
  })

  check(
    "refuses events rather than trim what the slowest group has yet to settle",
    async (world) => {
      const slow = await world.joinAlone({ group: "slow" })
      const fast = await world.joinAlone({ group: "fast" })
      const taken: PublishReceipt[] = []
      await world.patience.until("the bus is full", async () => {
        const results = await world.bus.publish(world.events(CAPACITY / 4))
        const accepted = results.flatMap((result) => (result.ok ? [result] : []))
        taken.push(...accepted)
        expect(taken.length).toBeLessThan(CAPACITY * 4)
        if (accepted.length > 0) await fast.settle((await fast.take(accepted.length)).at(-1) as TakenRecord)
        return accepted.length < results.length
      })
      const records = [...(await slow.take(taken.length)), ...(await slow.rest())]
      expect(places(records)).toEqual(places(taken))
    },
    { maxEventsPerPartition: CAPACITY },
  )
}
