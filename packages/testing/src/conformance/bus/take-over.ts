import { expect } from "vitest"
import type { Member, TakenRecord } from "./member.js"
import { type BusWorld, type Check, LONG_LEASE_MS, SHORT_LEASE_MS } from "./world.js"

/** A member that dies. */
export function testTakeOver(check: Check): void {
  check("passes a dead member's partitions on when its lease has run out, to be read in quarantine", async (world) => {
    const survivor = await world.other()
    const dead = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    const positions = await world.fill(5)
    await dead.settle((await dead.take(5))[1] as TakenRecord)
    await world.crash(dead)
    positions.push(...(await published(world, survivor, 3)))

    const heir = await world.joinAlone({ bus: survivor, leaseMs: SHORT_LEASE_MS })
    expect(await heir.assignment(0)).toMatchObject({
      partition: 0,
      checkpoint: positions[1],
      quarantineUntil: positions.at(-1),
    })
    const { takenFrom } = await heir.assignment(0)
    expect([undefined, 6]).toContain(takenFrom?.events)
    expect((await heir.take(6)).map(({ position }) => position)).toEqual(positions.slice(2))
  })

  check("asks for quarantine up to the end of the log at take-over, not beyond", async (world) => {
    const survivor = await world.other()
    const dead = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    const positions = await world.fill(2)
    await world.crash(dead)
    const heir = await world.joinAlone({ bus: survivor, leaseMs: SHORT_LEASE_MS })
    await published(world, survivor, 2)
    await heir.take(4)
    expect((await heir.assignment(0)).quarantineUntil).toBe(positions[1])
    await heir.subscription.close()
    // The heir released its leases: what it had read has not killed it.
    const next = await world.joinAlone({ bus: survivor })
    expect(next.assigned.map(({ quarantineUntil }) => quarantineUntil)).toEqual([null, null, null, null])
  })

  check("gives the next life of a consumer its partitions at once, to be read in quarantine", async (world) => {
    const survivor = await world.other()
    const consumer = "stable"
    const dead = await world.joinAlone({ consumer, leaseMs: LONG_LEASE_MS })
    const positions = await world.fill(2)
    await world.crash(dead)
    await world.patience.pass(2)
    const heir = await world.joinAlone({ consumer, bus: survivor, leaseMs: LONG_LEASE_MS })
    expect((await heir.assignment(0)).quarantineUntil).toBe(positions[1])
    await heir.take(2)
    await heir.subscription.close()
    const next = await world.joinAlone({ bus: survivor })
    expect(next.assigned.map(({ quarantineUntil }) => quarantineUntil)).toEqual([null, null, null, null])
  })

  check("gives a member that has just joined no share while another has lived for long", async (world) => {
    const old = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    await world.patience.pass(SHORT_LEASE_MS)
    const fresh = await world.join({ bus: await world.other(), leaseMs: LONG_LEASE_MS })
    await world.patience.pass(SHORT_LEASE_MS)
    expect([old.revoked, fresh.assigned]).toEqual([[], []])
  })

  check("leaves a silent member its partitions until the lease has run out", async (world) => {
    const survivor = await world.other()
    const silent = await world.joinAlone({ leaseMs: LONG_LEASE_MS })
    await world.crash(silent)
    const waiting = await world.join({ bus: survivor, leaseMs: SHORT_LEASE_MS })
    await world.patience.pass(SHORT_LEASE_MS)
    expect(waiting.assigned).toEqual([])
  })

  check("leaves an heir its partitions when the owner before it releases its leases late", async (world) => {
    const survivor = await world.other()
    const late = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    await world.crash(late)
    const heir = await world.joinAlone({ bus: survivor, leaseMs: SHORT_LEASE_MS })
    // A client that was cut off may fail, or never come to an end.
    const closing = late.subscription.close().catch(() => {})
    await Promise.race([closing, world.patience.pass(SHORT_LEASE_MS / 2)])
    await world.patience.pass(SHORT_LEASE_MS / 2)
    expect([heir.lost, heir.held.size]).toEqual([[], 4])
  })

  check(
    "tells an owner that slept through its leases that it has lost them, and leaves its heir alone",
    async (world) => {
      const survivor = await world.other()
      const sleeper = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
      const positions = await world.fill(5)
      const records = await sleeper.take(5)
      const resume = world.suspend(sleeper)
      if (resume === undefined) return
      const heir = await world.joinAlone({ bus: survivor, leaseMs: SHORT_LEASE_MS })
      await heir.settle((await heir.take(5))[3] as TakenRecord)
      resume()
      await world.patience.until("the sleeper is told", () => sleeper.lost.length === 4)
      await sleeper.settle(records[1] as TakenRecord)
      expect(sleeper.lost.toSorted()).toEqual([0, 1, 2, 3])
      expect(heir.lost).toEqual([])
      expect(await survivor.checkpoints("group")).toEqual([positions[3], null, null, null])
    },
  )

  check("shares a dead member's partitions among those that live", async (world) => {
    const survivor = await world.other()
    const dead = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    await world.crash(dead)
    const join = () => world.join({ bus: survivor, leaseMs: SHORT_LEASE_MS })
    const heirs: Member[] = [await join(), await join()]
    await world.patience.until("the heirs share everything", () => {
      const [one, two] = heirs.map(({ held }) => held.size) as [number, number]
      return one > 0 && two > 0 && one + two === 4
    })
  })

  check("counts the other consumers that noted a record", async (world) => {
    const [first, second] = (await world.fill(2)) as [string, string]
    const one = await world.joinAlone()
    expect(await one.subscription.noteAttempts(0, [first], "alone")).toEqual([0])
    expect(await one.subscription.noteAttempts(0, [first], "alone")).toEqual([0])
    await one.subscription.close()
    const two = await world.joinAlone({ bus: await world.other() })
    expect(await two.subscription.noteAttempts(0, [first], "alone")).toEqual([1])
    expect(await two.subscription.noteAttempts(0, [first], "alone")).toEqual([1])
    expect(await two.subscription.noteAttempts(0, [second], "alone")).toEqual([0])
    await two.subscription.close()
    const three = await world.joinAlone()
    expect(await three.subscription.noteAttempts(0, [first, second], "alone")).toEqual([2, 1])
    const elsewhere = await world.joinAlone({ group: "another" })
    expect(await elsewhere.subscription.noteAttempts(0, [first], "alone")).toEqual([0])
  })

  check("does not note again, for a run together, what another consumer has noted", async (world) => {
    const [first, second] = (await world.fill(2)) as [string, string]
    const one = await world.joinAlone()
    expect(await one.subscription.noteAttempts(0, [first], "together")).toEqual([0])
    await one.subscription.close()
    const two = await world.joinAlone({ bus: await world.other() })
    expect(await two.subscription.noteAttempts(0, [first, second], "together")).toEqual([1, 0])
    await two.subscription.close()
    const three = await world.joinAlone()
    expect(await three.subscription.noteAttempts(0, [first, second], "together")).toEqual([1, 1])
  })

  check("lets a consumer withdraw its own notes, and no other's", async (world) => {
    const [first, second] = (await world.fill(2)) as [string, string]
    const one = await world.joinAlone()
    await one.subscription.noteAttempts(0, [first, second], "together")
    await one.subscription.noteAttempts(0, [second], "withdrawn")
    await one.subscription.close()
    const two = await world.joinAlone({ bus: await world.other() })
    await two.subscription.noteAttempts(0, [first], "alone")
    await two.subscription.noteAttempts(0, [first, second], "withdrawn")
    await two.subscription.close()
    const three = await world.joinAlone()
    expect(await three.subscription.noteAttempts(0, [first, second], "together")).toEqual([1, 0])
  })

  check("keeps what was noted of a record until that record is settled", async (world) => {
    const positions = await world.fill(3)
    const others = await world.fill(3, 1)
    const one = await world.joinAlone()
    const records = await one.take(6)
    expect(await one.subscription.noteAttempts(0, [positions[2] as string], "together")).toEqual([0])
    await one.settle(records.find(({ partition }) => partition === 0) as TakenRecord)
    await one.subscription.close()
    const two = await world.joinAlone({ bus: await world.other() })
    expect(await two.subscription.noteAttempts(1, [others[2] as string], "together")).toEqual([0])
    expect(await two.subscription.noteAttempts(0, [positions[2] as string], "together")).toEqual([1])
  })
}

async function published(world: BusWorld, bus: BusWorld["bus"], count: number): Promise<string[]> {
  return (await world.publish(world.events(count), bus)).map(({ position }) => position)
}
