import { expect } from "vitest"
import { ODD_NAMES } from "../odd-texts.js"
import type { Member, TakenRecord } from "./member.js"
import { type BusWorld, type Check, LONG_LEASE_MS, SHORT_LEASE_MS } from "./world.js"

/** Who reads what: every partition has one owner at a time, and changes hands only when it is drained. */
export function testAssignment(check: Check): void {
  check("gives one member every partition", async (world) => {
    const only = await world.joinAlone()
    expect(only.assigned.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3])
    expect(only.assigned.map(({ checkpoint, quarantineUntil }) => [checkpoint, quarantineUntil])).toEqual(
      Array(4).fill([null, null]),
    )
  })

  check("shares the partitions among members, each with one owner", async (world) => {
    const first = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    const second = await world.join({ leaseMs: SHORT_LEASE_MS, bus: await world.other() })
    await world.patience.until(
      "the second member got its share",
      () => second.held.size > 0 && isComplete(world, [first, second]),
    )
    expect(first.held.size).toBeGreaterThan(0)
    expect([...first.held, ...second.held].sort()).toEqual([0, 1, 2, 3])
    const receipts = await world.publish([0, 1, 2, 3].flatMap((partition) => world.events(3, partition)))
    for (const member of [first, second]) {
      const own = receipts.filter(({ partition }) => member.held.has(partition))
      const read = [...(await member.take(own.length)), ...(await member.rest())]
      expect(read.map(({ position }) => position).sort()).toEqual(own.map(({ position }) => position).sort())
    }
  })

  check("gives each group its own owners", async (world) => {
    const one = await world.joinAlone({ group: "one" })
    const two = await world.joinAlone({ group: "two" })
    expect([one.held.size, two.held.size]).toEqual([4, 4])
  })

  check("tells groups apart whatever their names", async (world) => {
    const positions = await world.fill(ODD_NAMES.length)
    // A group that is there before the others settle anything: a bus may trim at once.
    await world.joinAlone({ group: "keeper" })
    for (const [i, group] of ODD_NAMES.entries()) {
      const reader = await world.joinAlone({ group })
      await reader.settle((await reader.take(positions.length))[i] as TakenRecord)
      await reader.subscription.close()
    }
    for (const [i, group] of ODD_NAMES.entries()) {
      const reader = await world.joinAlone({ group })
      expect([group, (await reader.assignment()).checkpoint]).toEqual([group, positions[i]])
      await reader.subscription.close()
    }
  })

  check("hands a partition over only when its owner has drained it", async (world) => {
    await world.publish([0, 1, 2, 3].flatMap((partition) => world.events(6, partition)))
    const old = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    const records = await old.take(24)
    const release = world.holdDrain(old)
    const fresh = await world.join({ leaseMs: SHORT_LEASE_MS, bus: await world.other() })
    const partition = await world.patience.until("the owner is asked to let go", () => old.revoked[0])
    const own = records.filter((record) => record.partition === partition)

    // Draining means settling what was read: that must still be possible, and reading must have stopped.
    await old.settle(own[4] as TakenRecord)
    await world.fill(1, partition)
    await world.patience.pass(SHORT_LEASE_MS / 2)
    expect(await old.readOnce(50)).toEqual([])
    expect(fresh.assigned).toEqual([])

    release()
    const assignment = await fresh.assignment(partition)
    expect(assignment).toEqual({ partition, checkpoint: own[4]?.position, quarantineUntil: null })
    expect(old.lost).toEqual([])
  })

  check("hands over at once when a member closes", async (world) => {
    const leaving = await world.joinAlone({ leaseMs: LONG_LEASE_MS })
    const release = world.holdDrain(leaving)
    const staying = await world.join({ leaseMs: SHORT_LEASE_MS, bus: await world.other() })
    const closing = leaving.subscription.close()
    await world.patience.until("every partition is being drained", () => leaving.revoked.length >= 4)
    await world.patience.pass(SHORT_LEASE_MS / 2)
    expect(staying.held.size).toBe(0)
    release()
    await closing
    await staying.holds(4)
    expect(staying.assigned.map(({ quarantineUntil }) => quarantineUntil)).toEqual([null, null, null, null])
    expect(leaving.revoked.sort()).toEqual([0, 1, 2, 3])
    expect(leaving.lost).toEqual([])
  })

  check("gives a member that comes back alone everything again", async (world) => {
    const staying = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    const passing = await world.join({ leaseMs: SHORT_LEASE_MS })
    await world.patience.until(
      "both have a share",
      () => passing.held.size > 0 && isComplete(world, [staying, passing]),
    )
    await passing.subscription.close()
    await staying.holds(4)
    expect(staying.assigned.every(({ quarantineUntil }) => quarantineUntil === null)).toBe(true)
  })
}

function isComplete({ options }: BusWorld, members: readonly Member[]): boolean {
  return members.reduce((sum, { held }) => sum + held.size, 0) === options.partitions
}
