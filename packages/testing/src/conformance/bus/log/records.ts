import { getEventListeners } from "node:events"
import type { Position } from "@fabra/events"
import { expect } from "vitest"
import type { LogCheck, LogMember } from "./world.js"

/** Nothing in a test may wait so long. */
const FOR_EVER_MS = 3_600_000

/** `read`, `writeCheckpoint` and `noteAttempts`. */
export function testRecords(check: LogCheck): void {
  check("brings what lies after each cursor, in order; for null all there is", async (world) => {
    const one = await world.member()
    await one.round({ wanted: [0, 1] })
    const [zero, other] = [await world.fill(5), await world.fill(3, 1)]
    expect(zero).toEqual([...zero].sort())
    expect(await world.readAll(one, 3, 1)).toEqual(other)
    expect(await one.read(zero[1] as Position, { maxEvents: 2, maxWaitMs: 1_000 })).toEqual(zero.slice(2, 4))
    const together = await one.readAll(
      new Map([
        [0, zero[3] as Position],
        [1, other[1] as Position],
      ]),
      { maxWaitMs: 1_000 },
    )
    expect(together.flatMap(({ records }) => records.map(({ position }) => position)).sort()).toEqual(
      [zero[4], other[2]].sort(),
    )
  })

  check("brings a long log without gaps, at most maxEvents at a time", async (world) => {
    const one = await world.member()
    await one.round({ wanted: [0] })
    const positions = await world.fill(1_100)
    expect(await world.readAll(one, 1_100)).toEqual(positions)
  })

  check("waits for a first record, but neither without being asked to nor after the signal", async (world) => {
    const one = await world.member()
    await one.round({ wanted: [0] })
    expect(await world.patience.within("a read without a wait came back", one.read(null))).toEqual([])
    const reading = one.read(null, { maxWaitMs: FOR_EVER_MS })
    const positions = await world.fill(1)
    expect(await world.patience.within("the record ended the wait", reading)).toEqual(positions)
    const stop = new AbortController()
    const stopped = one.read(positions[0] as Position, { maxWaitMs: FOR_EVER_MS, signal: stop.signal })
    stop.abort()
    expect(await world.patience.within("the signal ended the wait", stopped)).toEqual([])
    expect(getEventListeners(stop.signal, "abort")).toEqual([])
  })

  check("keeps the greater checkpoint, whoever writes it", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    await one.round({ wanted: [0] })
    const [first, second, third] = (await world.fill(3)) as [Position, Position, Position]
    await two.settle(second)
    await one.settle(first)
    expect(await checkpointOf(one)).toBe(second)
    await one.settle(third)
    expect(await checkpointOf(two, { after: one })).toBe(third)
  })

  check("keeps what a group that has joined has not settled, in every partition", async (world) => {
    const idle = await world.member("one", { group: "idle" })
    await idle.round()
    const busy = await world.member("one", { group: "busy" })
    await busy.round({ wanted: [0, 1] })
    for (const partition of [0, 1]) {
      const positions = await world.fill(50, partition)
      await busy.settle(positions.at(-1) as Position, partition, 50)
      expect(await world.readAll(idle, positions.length, partition)).toEqual(positions)
    }
  })

  check("keeps what a group was shown that joined while another settled it", async (world) => {
    const settled = await world.member("one", { group: "settled" })
    const joining = await world.member("one", { group: "joining" })
    await settled.round({ wanted: [0] })
    const positions = await world.fill(50)
    await world.readAll(settled, 50)
    const settling = settled.settle(positions.at(-1) as Position, 0, 50)
    await joining.round({ wanted: [0] })
    await world.fill(1)
    const shown = await world.readAll(joining, 1)
    await settling
    expect((await world.readAll(joining, shown.length)).slice(0, shown.length)).toEqual(shown)
  })

  check("counts the others that noted a record, until they withdraw it or it is settled", async (world) => {
    const [one, two] = [await world.member("one"), await world.member("two")]
    await one.round({ wanted: [0] })
    const positions = (await world.fill(3)) as [Position, Position, Position]
    expect(await one.note(positions)).toEqual([0, 0, 0])
    expect(await one.note(positions)).toEqual([0, 0, 0])
    await one.round({ leaving: true, released: [0] })
    expect(await two.note(positions, "together")).toEqual([1, 1, 1])
    expect(await one.note(positions)).toEqual([0, 0, 0]) // what another had noted was not noted again
    await one.note(positions.slice(1, 2), "withdrawn")
    await one.settle(positions[0])
    expect(await two.note(positions.slice(1))).toEqual([0, 1])
    const elsewhere = await world.member("three", { group: "another" })
    await elsewhere.round({ wanted: [0] })
    expect(await elsewhere.note(positions.slice(1))).toEqual([0, 0])
  })
}

/** The checkpoint that a member is given with the partition, once `after` has let go of it. */
async function checkpointOf(member: LogMember, { after = member } = {}): Promise<Position | null | undefined> {
  await after.round({ released: [0] })
  return (await member.round({ wanted: [0] })).taken[0]?.checkpoint
}
