import { expect } from "vitest"
import { type LogCheck, type LogMember, SHORT_LEASE_MS } from "./world.js"

const both = [0, 1]
const short = { leaseMs: SHORT_LEASE_MS }

/** `syncLeases`: who holds what, and what a new owner is told. */
export function testLeases(check: LogCheck): void {
  check("gives a new group its partitions, at the oldest record and without quarantine", async (world) => {
    await world.fill(2)
    const one = await world.member()
    const { sharing, held, taken } = await one.round({ wanted: both })
    expect({ sharing, held, taken: placesOf(taken) }).toEqual({
      sharing: ["one"],
      held: [],
      taken: both.map((partition) => ({ partition, checkpoint: null, quarantineUntil: null })),
    })
  })

  check("gives nobody what another holds", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    await one.round({ wanted: [0] })
    expect(numbersOf(await two.round({ wanted: both }))).toEqual([1])
    expect((await one.round({ held: [0] })).held).toEqual([0])
    expect((await two.round({ held: both })).held).toEqual([1])
  })

  check("gives each partition to one of many that want it at the same time", async (world) => {
    const members = await Promise.all(Array.from({ length: 8 }, (_, i) => world.member(`member-${i}`)))
    const views = await Promise.all(members.map((member) => member.round({ wanted: both })))
    expect(views.flatMap(numbersOf).sort()).toEqual(both)
    const held = await Promise.all(members.map((member) => member.round({ held: both })))
    expect(held.map((view) => view.held)).toEqual(views.map(numbersOf))
  })

  check("names the members that have a share", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    await one.round()
    expect([...(await two.round()).sharing].sort()).toEqual(["one", "two"])
    await one.round({ leaving: true })
    expect((await two.round()).sharing).toEqual(["two"])
  })

  check("gives its own lease again, cleanly: the answer before may have been lost", async (world) => {
    await world.fill(1)
    const one = await world.member()
    await one.round({ wanted: [0] })
    const { taken } = await one.round({ wanted: [0] })
    expect(placesOf(taken)).toEqual([{ partition: 0, checkpoint: null, quarantineUntil: null }])
  })

  check("renews a lease in each round, for as long as that round says", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    await one.round({ wanted: [0], ...short })
    for (let i = 0; i < 3; i++) {
      await world.patience.pass(SHORT_LEASE_MS / 2)
      expect((await one.round({ held: [0], ...short })).held).toEqual([0])
    }
    expect(numbersOf(await two.round({ wanted: [0] }))).toEqual([])
  })

  check("renews a lease that ran out and that nobody has taken", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    await one.round({ wanted: [0], ...short })
    await world.patience.pass(SHORT_LEASE_MS * 1.2)
    expect((await one.round({ held: [0] })).held).toEqual([0])
    expect(numbersOf(await two.round({ wanted: [0] }))).toEqual([])
  })

  check("passes on what ran out, in quarantine up to the end of the log, and tells its former owner", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    const [first, last] = await world.fill(2)
    await one.round({ wanted: both, ...short })
    await one.settle(first as string)
    await world.patience.pass(SHORT_LEASE_MS * 1.2)
    const { taken } = await two.round({ wanted: both })
    expect(placesOf(taken)).toEqual([
      { partition: 0, checkpoint: first, quarantineUntil: last },
      { partition: 1, checkpoint: null, quarantineUntil: null }, // an empty log
    ])
    expect((await one.round({ held: both })).held).toEqual([])
    expect((await two.round({ held: both })).held).toEqual(both)
  })

  check("lets go of its own leases only, and of these cleanly", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    await world.fill(1)
    await one.round({ wanted: both })
    await two.round({ released: both })
    expect((await one.round({ held: both })).held).toEqual(both)
    await one.round({ held: [1], released: [0] })
    const { taken } = await two.round({ wanted: both })
    expect(placesOf(taken)).toEqual([{ partition: 0, checkpoint: null, quarantineUntil: null }])
  })

  check(
    "gives the next life of a consumer its leases at once, in quarantine, and ends the life before",
    async (world) => {
      const [before, after] = [await world.member("one"), await world.member("one", { life: 2 })]
      const [position] = await world.fill(1)
      await before.round({ wanted: [0] })
      const { taken } = await after.round({ wanted: [0] })
      expect(placesOf(taken)).toEqual([{ partition: 0, checkpoint: null, quarantineUntil: position }])
      expect(await before.round({ held: [0], released: [0], leaving: true })).toMatchObject({ isSuperseded: true })
      expect((await after.round({ held: [0] })).held).toEqual([0])
    },
  )

  check("keeps groups apart", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("one", { group: "another" })]
    expect(numbersOf(await one.round({ wanted: both }))).toEqual(both)
    expect(numbersOf(await two.round({ wanted: both }))).toEqual(both)
  })
}

type View = Awaited<ReturnType<LogMember["round"]>>

function numbersOf({ taken }: View): number[] {
  return taken.map(({ partition }) => partition).sort()
}

/** Without `takenFrom`, which is told where it is known. */
function placesOf(taken: View["taken"]) {
  return taken
    .map(({ partition, checkpoint, quarantineUntil }) => ({ partition, checkpoint, quarantineUntil }))
    .sort((a, b) => a.partition - b.partition)
}
