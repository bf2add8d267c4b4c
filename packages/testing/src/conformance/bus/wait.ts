import { getEventListeners } from "node:events"
import { expect } from "vitest"
import type { Check } from "./world.js"

/** Nothing in a test may wait so long. */
const FOR_EVER_MS = 3_600_000

/** What ends the wait of a read. */
export function testWait(check: Check): void {
  check("comes back empty when nothing arrives in time", async (world) => {
    const reader = await world.joinAlone()
    const nothing = await world.patience.within("an empty read came back", reader.readOnce(20))
    expect(nothing).toEqual([])
  })

  check("ends its wait when an event arrives", async (world) => {
    const reader = await world.joinAlone()
    for (let round = 0; round < 3; round++) {
      // A read may come back early and empty, when partitions changed hands just before.
      const reading = world.patience.until("a record came", async () => {
        const records = await reader.readOnce(FOR_EVER_MS)
        return records.length > 0 && records
      })
      const [position] = await world.fill(1, round)
      const records = await world.patience.within("the event ended the wait", reading)
      expect(records.map((record) => record.position)).toEqual([position])
    }
  })

  check("ends its wait when the signal says so", async (world) => {
    const reader = await world.joinAlone()
    const stop = new AbortController()
    const reading = reader.readOnce(FOR_EVER_MS, 10, stop.signal)
    stop.abort()
    expect(await world.patience.within("the signal ended the wait", reading)).toEqual([])
  })

  check("does not wait at all on a signal that was given before", async (world) => {
    const reader = await world.joinAlone()
    const reading = reader.readOnce(FOR_EVER_MS, 10, AbortSignal.abort())
    expect(await world.patience.within("the read came back", reading)).toEqual([])
  })

  check("leaves no listener on a signal, which may serve many reads", async (world) => {
    const reader = await world.joinAlone()
    const { signal } = new AbortController()
    for (const maxWaitMs of [0, 20]) {
      await world.patience.within("an empty read came back", reader.readOnce(maxWaitMs, 10, signal))
      expect(getEventListeners(signal, "abort")).toEqual([])
    }
  })

  check("loses nothing to a signal", async (world) => {
    const reader = await world.joinAlone()
    const positions = await world.fill(30)
    const read: string[] = []
    await world.patience.until("all thirty were read", async () => {
      const stop = new AbortController()
      const stopped = reader.readOnce(20, 4, stop.signal)
      stop.abort()
      read.push(...(await stopped).map(({ position }) => position))
      read.push(...(await reader.readOnce(20, 3)).map(({ position }) => position))
      return read.length >= 30
    })
    expect(read).toEqual(positions)
  })
}
