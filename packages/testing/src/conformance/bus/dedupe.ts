import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import { type BusWorld, type Check, places } from "./world.js"

const SHORT_WINDOW_MS = 300

/** A second publish of one `event_id`. A bus that claims no window must take every one anew, and say so. */
export function testDedupe(check: Check): void {
  check("claims the dedupe window it was given, or none", async ({ bus, options }) => {
    expect([0, options.dedupeWindowMs]).toContain(bus.capabilities.dedupeWindowMs)
  })

  check("recognises an event published again", async (world) => {
    const [event, later] = world.events(2)
    const first = await world.bus.publish(event as NonNullable<typeof event>)
    await world.bus.publish(later as NonNullable<typeof later>)
    const again = await world.bus.publish(event as NonNullable<typeof event>)
    await expectKnown(world, first, again, 2)
  })

  check("recognises an event twice in one batch", async (world) => {
    const [event, other] = world.events(2)
    const [first, , again] = await world.publish([event, other, event] as NonNullable<typeof event>[])
    await expectKnown(world, first as NonNullable<typeof first>, again as NonNullable<typeof again>, 2)
  })

  check("takes one id again when it is of another entity, also in the same partition", async (world) => {
    const { eventId } = world.event("entity")
    const events = Array.from({ length: 40 }, (_, i) => ({ ...world.event(`entity ${i}`), eventId }))
    const receipts = await world.publish(events)
    expect(receipts.filter(({ duplicate }) => duplicate)).toEqual([])
  })

  check("recognises an event published again by another client", async (world) => {
    const event = world.event("entity")
    const first = await world.bus.publish(event)
    await expectKnown(world, first, await (await world.other()).publish(event), 1)
  })

  check("recognises an event of a client that has gone, if it is shared and persistent", async (world) => {
    const { another } = world.harness
    if (another === undefined || !world.bus.capabilities.persistent) return
    const event = world.event("entity")
    const gone = await another()
    const first = await gone.publish(event)
    await gone.close()
    await expectKnown(world, first, await world.bus.publish(event), 1)
  })

  check("recognises an event that was settled long since", async (world) => {
    const reader = await world.joinAlone()
    const event = world.event(world.entity(0))
    const first = await world.bus.publish(event)
    // Little by little, and asked of a new client: what was settled may be trimmed, its ids may not.
    for (let round = 0; round < 10; round++) {
      await world.fill(10)
      await reader.settle((await reader.take(10)).at(-1) as TakenRecord)
    }
    await reader.rest()
    const again = await (await world.other()).publish(event)
    const isKnown = world.bus.capabilities.dedupeWindowMs > 0
    expect(again.duplicate).toBe(isKnown)
    expect(again.position === first.position).toBe(isKnown)
    expect(await reader.rest()).toHaveLength(isKnown ? 0 : 1)
  })

  check("recognises an event after more than a thousand others", async (world) => {
    const event = world.event(world.entity(0))
    const first = await world.bus.publish(event)
    await world.fill(1_100)
    const again = await world.bus.publish(event)
    const isKnown = world.bus.capabilities.dedupeWindowMs > 0
    expect([again.duplicate, again.position === first.position]).toEqual([isKnown, isKnown])
  })

  check("takes an event once when many publish it at the same time", async (world) => {
    const event = world.event("entity")
    const clients = [world.bus, await world.other()]
    const receipts = await Promise.all(
      Array.from({ length: 12 }, (_, i) => (clients[i % 2] as typeof world.bus).publish(event)),
    )
    const isKnown = world.bus.capabilities.dedupeWindowMs > 0
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(isKnown ? 1 : 12)
    expect(new Set(places(receipts)).size).toBe(isKnown ? 1 : 12)
  })

  check(
    "takes an event anew when the window has passed",
    async (world) => {
      const event = world.event("entity")
      const first = await world.bus.publish(event)
      await world.patience.pass(SHORT_WINDOW_MS * 2)
      const again = await world.bus.publish(event)
      expect(again.duplicate).toBe(false)
      expect(again.position > first.position).toBe(true)
      const reader = await world.joinAlone()
      expect(places(await reader.take(2))).toEqual(places([first, again]))
    },
    { dedupeWindowMs: SHORT_WINDOW_MS },
  )

  check(
    "counts the window from the first time, however often an event is repeated",
    async (world) => {
      const event = world.event("entity")
      await world.bus.publish(event)
      await world.patience.until("the event was taken anew", async () => {
        const { duplicate } = await world.bus.publish(event)
        if (duplicate) await world.patience.pass(SHORT_WINDOW_MS / 3)
        return !duplicate
      })
    },
    { dedupeWindowMs: SHORT_WINDOW_MS },
  )
}

type Placed = { readonly partition: number; readonly position: string; readonly duplicate: boolean }

/** `again` points to `first`, and the log holds `count` records; without a window it is one more, and a record of its own. */
async function expectKnown(world: BusWorld, first: Placed, again: Placed, count: number): Promise<void> {
  const isKnown = world.bus.capabilities.dedupeWindowMs > 0
  expect(first.duplicate).toBe(false)
  expect(again.duplicate).toBe(isKnown)
  if (isKnown) expect(places([again])).toEqual(places([first]))
  else expect(again.position > first.position).toBe(true)
  const total = isKnown ? count : count + 1
  const reader = await world.joinAlone()
  expect([...(await reader.take(total)), ...(await reader.rest())]).toHaveLength(total)
}
