import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import { type BusWorld, type Check, places, SHORT_LEASE_MS } from "./world.js"

/** Steps that must be atomic: they fail only when two members, or a member and a settled group, meet. */
export function testJoining(check: Check): void {
  check("shares the partitions of new groups among members that all join at the same time", async (world) => {
    const clients = [world.bus, await world.other(), world.bus, await world.other()]
    const joinAll = (group: string) =>
      Promise.all(clients.map((bus) => world.join({ bus, group, leaseMs: SHORT_LEASE_MS })))
    for (const members of await Promise.all([joinAll("one"), joinAll("two")])) {
      await world.patience.until("each member holds one partition", () => members.every(({ held }) => held.size === 1))
      expect(members.flatMap(({ held }) => [...held]).sort()).toEqual([0, 1, 2, 3])
      expect(members.flatMap(({ lost }) => lost)).toEqual([])
    }
  })

  check("renews the leases of a member that lives, however long it drains", async (world) => {
    const busy = await world.joinAlone({ leaseMs: SHORT_LEASE_MS })
    const release = world.holdDrain(busy)
    const waiting = await world.join({ bus: await world.other(), leaseMs: SHORT_LEASE_MS })
    await world.patience.until("the owner is asked to let go", () => busy.revoked.length > 0)
    await world.patience.pass(SHORT_LEASE_MS)
    expect([busy.lost, waiting.assigned]).toEqual([[], []])
    release()
    await world.patience.until("the other gets its share", () => waiting.held.size > 0)
    expect(waiting.assigned.map(({ quarantineUntil }) => quarantineUntil)).toEqual(waiting.assigned.map(() => null))
  })

  check("keeps all that a group has been shown since it joined, whoever settles it at that moment", async (world) => {
    const settled = await world.joinAlone({ group: "settled" })
    const other = await world.other()
    for (let round = 0; round < 5; round++) await joinWhileSettling(world, settled, { bus: other, round })
  })
}

/** A group joins while the only other one settles everything: a bus may trim before that, and not after. */
async function joinWhileSettling(
  world: BusWorld,
  settled: Awaited<ReturnType<BusWorld["join"]>>,
  { bus, round }: { bus: BusWorld["bus"]; round: number },
): Promise<void> {
  await world.fill(20)
  const settling = settled.settle((await settled.take(20)).at(-1) as TakenRecord)
  const joining = await world.joinAlone({ bus, group: `joining-${round}` })
  await world.fill(1)
  const shown = await joining.take(1)
  await settling
  joining.subscription.seek(0, null)
  expect(places(await joining.take(shown.length)).slice(0, shown.length)).toEqual(places(shown))
  await settled.take(1)
  await joining.subscription.close()
  await world.bus.removeGroup(`joining-${round}`)
}
