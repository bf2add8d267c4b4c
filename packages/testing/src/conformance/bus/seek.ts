import { expect } from "vitest"
import type { Check } from "./world.js"

const FOR_EVER_MS = 3_600_000

/** Moving the cursor. */
export function testSeek(check: Check): void {
  check("reads again after seeking back", async (world) => {
    const positions = await world.fill(10)
    const reader = await world.joinAlone()
    await reader.take(10)
    reader.subscription.seek(0, positions[3] as string)
    expect((await reader.take(6)).map(({ position }) => position)).toEqual(positions.slice(4))
    expect(await reader.rest()).toEqual([])
  })

  check("leaves no gap after a seek, wherever it lands", async (world) => {
    const positions = await world.fill(200)
    const reader = await world.joinAlone()
    for (const at of [190, 0, 1, 8, 9, 10, 62, 63, 64, 98, 99, 100, 126, 127, 128]) {
      reader.subscription.seek(0, positions[at] as string)
      const read = (await reader.take(9, 4)).map(({ position }) => position)
      expect(read).toEqual(positions.slice(at + 1, at + 1 + read.length))
    }
  })

  check("reads from the oldest record after seeking to null", async (world) => {
    const positions = await world.fill(10)
    const others = await world.fill(2, 1)
    const reader = await world.joinAlone()
    await reader.take(12)
    reader.subscription.seek(0, null)
    const again = [...(await reader.take(10)), ...(await reader.rest())]
    expect(again.map(({ position }) => position)).toEqual(positions)
    reader.subscription.seek(1, null)
    expect((await reader.take(2)).map(({ position }) => position)).toEqual(others)
  })

  check("leaves out what lies between when seeking forward", async (world) => {
    const positions = await world.fill(10)
    const reader = await world.joinAlone()
    await reader.take(1, 1)
    reader.subscription.seek(0, positions[7] as string)
    expect((await reader.take(2)).map(({ position }) => position)).toEqual(positions.slice(8))
    expect(await reader.rest()).toEqual([])
  })

  check("brings nothing of the old cursor after a seek while it reads", async (world) => {
    const positions = await world.fill(10)
    const reader = await world.joinAlone()
    await reader.take(4, 4)
    const inFlight = reader.readOnce(50)
    reader.subscription.seek(0, positions[1] as string)
    const read = [...(await inFlight), ...(await reader.take(8)), ...(await reader.rest())]
    expect(read.map(({ position }) => position)).toEqual(positions.slice(2))
  })

  check("follows a seek while it waits", async (world) => {
    const positions = await world.fill(3)
    const reader = await world.joinAlone()
    await reader.take(3)
    const waiting = reader.readOnce(FOR_EVER_MS)
    reader.subscription.seek(0, null)
    const read = await world.patience.within("the seek ended the wait", waiting)
    read.push(...(await reader.take(3 - read.length)))
    expect(read.map(({ position }) => position)).toEqual(positions)
  })

  check("leaves the stored checkpoint alone when seeking", async (world) => {
    const positions = await world.fill(5)
    const reader = await world.joinAlone()
    const records = await reader.take(5)
    await reader.settle(records[3] as (typeof records)[number])
    reader.subscription.seek(0, null)
    await reader.take(1) // what every group has settled may be trimmed by now
    await reader.subscription.close()
    const next = await world.joinAlone()
    expect((await next.assignment()).checkpoint).toBe(positions[3])
  })
}
