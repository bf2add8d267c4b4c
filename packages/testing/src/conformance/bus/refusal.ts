import { type AxiomEvent, BusFullError, FabraError } from "@fabra/events"
import { decodeEvent, encodeEvent, utf8Length } from "@fabra/events/adapter"
import { expect } from "vitest"
import type { TakenRecord } from "./member.js"
import { type Check, places } from "./world.js"

const CAPACITY = 40

/** What a bus must not take, and that it says so for that event alone. */
export function testRefusal(check: Check): void {
  check("takes the largest event and refuses one a byte larger", async (world) => {
    const { maxEventBytes } = world.bus.capabilities
    const [fits, over] = [grow(world.event("a"), maxEventBytes), grow(world.event("a"), maxEventBytes + 1)]
    await world.bus.publish(fits)
    await expect(world.bus.publish(over)).rejects.toMatchObject({ code: "event_too_large" })
    const reader = await world.joinAlone()
    const records = [...(await reader.take(1)), ...(await reader.rest())]
    expect(records.map(({ data }) => decodeEvent(data).eventId)).toEqual([fits.eventId])
  })

  check("refuses an event for itself alone", async (world) => {
    const good = world.events(3)
    const bad = [
      { ...world.event("a"), entityId: "" },
      { ...world.event("a"), eventType: "no name" },
      { ...world.event("a"), eventId: "" },
      { ...world.event("a"), payload: { amount: Number.NaN } },
      grow(world.event("a"), world.bus.capabilities.maxEventBytes + 1),
    ]
    const [first, second, third] = good as [AxiomEvent, AxiomEvent, AxiomEvent]
    const results = await world.bus.publish([first, ...bad.slice(0, 2), second, ...bad.slice(2), third])
    expect(results.map(({ ok }) => ok)).toEqual([true, false, false, true, false, false, false, true])
    const codes = results.flatMap((result) => (result.ok ? [] : [result.error.code]))
    expect(codes).toEqual(bad.map((event) => refusalCode(event, world.bus.capabilities.maxEventBytes)))
    expect(results[3]?.eventId).toBe(second.eventId)
    const reader = await world.joinAlone()
    expect(places([...(await reader.take(3)), ...(await reader.rest())])).toEqual(
      places(results.flatMap((result) => (result.ok ? [result] : []))),
    )
  })

  check("throws for one event what it answers for many", async (world) => {
    const bad = { ...world.event("a"), entityId: "" }
    const error = await world.bus.publish(bad).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(FabraError)
    expect(error.code).toBe(refusalCode(bad))
  })

  check(
    "says bus_full instead of dropping, and takes events again when they are settled",
    async (world) => {
      const reader = await world.joinAlone()
      const results = await world.bus.publish(world.events(CAPACITY * 10))
      const taken = results.flatMap((result) => (result.ok ? [result] : []))
      const refused = results.flatMap((result) => (result.ok ? [] : [result.error]))
      expect(taken.length).toBeGreaterThanOrEqual(CAPACITY / 2)
      expect(refused.length).toBeGreaterThan(0)
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["bus_full"]))
      await expect(world.bus.publish(world.event(world.entity(0)))).rejects.toBeInstanceOf(BusFullError)
      await world.bus.publish(world.event(world.entity(1))) // another partition is not full

      const records = (await reader.take(taken.length + 1)).filter(({ partition }) => partition === 0)
      expect(places(records)).toEqual(places(taken))
      await reader.settle(records.at(-1) as (typeof records)[number])
      const late = world.event(world.entity(0))
      await world.patience.until("the bus has room again", async () => {
        const [result] = await world.bus.publish([late])
        return result?.ok
      })
      expect((await reader.take(1)).map(({ data }) => decodeEvent(data).eventId)).toEqual([late.eventId])
    },
    { maxEventsPerPartition: CAPACITY },
  )

  check(
    "is not full for a group that comes late and has little to read",
    async (world) => {
      const early = await world.joinAlone({ group: "early" })
      for (let round = 0; round < 10; round++) {
        await world.fill(CAPACITY / 4)
        await early.settle((await early.take(CAPACITY / 4)).at(-1) as TakenRecord)
      }
      const late = await world.joinAlone({ group: "late" })
      // How much is kept of what every group had settled is the bus's own affair.
      if ((await late.rest()).length < CAPACITY) await world.fill(1)
    },
    { maxEventsPerPartition: CAPACITY },
  )

  check(
    "recognises an event that it has although it is full",
    async (world) => {
      const events = world.events(CAPACITY * 10)
      const [first] = await world.bus.publish(events)
      const [again] = await world.bus.publish(events.slice(0, 1))
      if (world.bus.capabilities.dedupeWindowMs > 0) expect(again).toEqual({ ...first, duplicate: true })
      else expect(again).toMatchObject({ ok: false, error: { code: "bus_full" } })
    },
    { maxEventsPerPartition: CAPACITY },
  )
}

/** The event with a payload that makes its wire form exactly so long. */
function grow(event: AxiomEvent, bytes: number): AxiomEvent {
  const empty = { ...event, payload: { filler: "" } }
  const missing = bytes - utf8Length(encodeEvent(empty, Number.POSITIVE_INFINITY))
  return { ...event, payload: { filler: "x".repeat(missing) } }
}

/** Why no bus can take the event: the one reason that the event model gives. */
function refusalCode(event: AxiomEvent, maxBytes?: number): string {
  try {
    encodeEvent(event, maxBytes)
  } catch (error) {
    return FabraError.from(error).code
  }
  throw new Error("The event is valid.")
}
