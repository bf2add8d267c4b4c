import { expect } from "vitest"
import { type Check, places, placesByPartition } from "./world.js"

/** Reading from the cursor on: everything, once, in order; and nothing is consumed by it. */
export function testRead(check: Check): void {
  check("brings every record once, without gaps, in order", async (world) => {
    const events = Array.from({ length: 300 }, (_, i) => world.event(`entity-${i % 17}`))
    const receipts = await world.publish(events)
    const reader = await world.joinAlone()
    const records = [...(await reader.take(300, 7)), ...(await reader.rest())]
    expect(placesByPartition(records)).toEqual(placesByPartition(receipts))
  })

  check("brings the whole of a long partition", async (world) => {
    const positions = await world.fill(1_100)
    const reader = await world.joinAlone()
    const records = [...(await reader.take(1_100, 1_000)), ...(await reader.rest())]
    expect(records.map(({ position }) => position)).toEqual(positions)
  })

  check("brings at most maxEvents records of one partition, and goes on where it stopped", async (world) => {
    const positions = await world.fill(10)
    const reader = await world.joinAlone()
    const read: string[] = []
    await world.patience.until("all ten were read", async () => {
      const records = await reader.readOnce(50, 3)
      expect(records.length).toBeLessThanOrEqual(3)
      read.push(...records.map(({ position }) => position))
      return read.length >= 10
    })
    expect(read).toEqual(positions)
  })

  check("brings records that are published while it reads", async (world) => {
    const reader = await world.joinAlone()
    const published = (async () => {
      const receipts = []
      for (let round = 0; round < 20; round++)
        receipts.push(...(await world.publish([...world.events(3), ...world.events(2, 1)])))
      return receipts
    })()
    const records = [...(await reader.take(100, 8)), ...(await reader.rest())]
    expect(placesByPartition(records)).toEqual(placesByPartition(await published))
  })

  check("misses nothing that many publish at the same time while it reads", async (world) => {
    const reader = await world.joinAlone()
    const clients = [world.bus, await world.other(), world.bus]
    const publishing = Promise.all(
      clients.map(async (bus) => {
        const receipts = []
        for (let round = 0; round < 20; round++) receipts.push(...(await world.publish(world.events(3), bus)))
        return receipts
      }),
    )
    const records = [...(await reader.take(180, 8)), ...(await reader.rest())]
    expect(places(records)).toEqual(places((await publishing).flat()).sort())
  })

  check("lets no partition wait for the backlog of another", async (world) => {
    await world.fill(400)
    await world.fill(400, 2)
    await world.fill(1, 1)
    const reader = await world.joinAlone()
    let before = 0
    await world.patience.until("the short partition was read", async () => {
      const records = await reader.readOnce(50, 10)
      before += records.length
      return records.some(({ partition }) => partition === 1)
    })
    expect(before).toBeLessThan(400)
  })

  check("shows every group every record", async (world) => {
    const receipts = await world.publish([...world.events(5), ...world.events(5, 1)])
    const groups = await Promise.all(["one", "two", "three"].map((group) => world.joinAlone({ group })))
    for (const reader of groups) {
      expect(placesByPartition(await reader.take(10))).toEqual(placesByPartition(receipts))
      expect(await reader.rest()).toEqual([])
    }
  })

  check("consumes nothing: without a checkpoint all is read again", async (world) => {
    const receipts = await world.publish(world.events(5))
    for (let round = 0; round < 3; round++) {
      const reader = await world.joinAlone()
      expect(places(await reader.take(5))).toEqual(places(receipts))
      expect((await reader.assignment()).checkpoint).toBeNull()
      await reader.subscription.close()
    }
  })

  check("starts a new group at the oldest record", async (world) => {
    const first = await world.joinAlone({ group: "first" })
    const positions = await world.fill(6)
    expect(await first.take(6)).toHaveLength(6)
    const later = await world.joinAlone({ group: "later" })
    expect((await later.assignment()).checkpoint).toBeNull()
    expect((await later.take(6)).map(({ position }) => position)).toEqual(positions)
  })

  check("brings nothing of a paused partition, and all of it after resume", async (world) => {
    const reader = await world.joinAlone()
    const before = await world.fill(3)
    await world.fill(2, 1)
    const read = await reader.take(5)
    reader.subscription.pause(0)
    const missed = await world.fill(4)
    const others = await world.fill(3, 1)
    const meanwhile = [...(await reader.take(3)), ...(await reader.rest())]
    expect(places(meanwhile)).toEqual(others.map((position) => `1@${position}`))
    expect(reader.held.has(0)).toBe(true)
    reader.subscription.resume(0)
    const after = await reader.take(4)
    const ofPaused = [...read, ...after].filter(({ partition }) => partition === 0)
    expect(ofPaused.map(({ position }) => position)).toEqual([...before, ...missed])
  })
}
