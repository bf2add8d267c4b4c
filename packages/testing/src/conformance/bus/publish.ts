import { createEvent } from "@fabra/events"
import { decodeEvent, encodeEvent, partitionOf } from "@fabra/events/adapter"
import { expect } from "vitest"
import { ODD_IDS, ODD_TEXTS } from "../odd-texts.js"
import { type Check, places, placesByPartition } from "./world.js"

/** What `publish` answers, and that the log holds exactly what was published. */
export function testPublish(check: Check): void {
  check("answers where an event stands", async (world) => {
    const event = world.event("entity")
    const receipt = await world.bus.publish(event)
    const partition = partitionOf("entity", world.options.partitions)
    expect(receipt).toMatchObject({ eventId: event.eventId, partition, duplicate: false })
    const reader = await world.joinAlone()
    expect(places(await reader.take(1))).toEqual(places([receipt]))
  })

  check("answers for many events in their order", async (world) => {
    const events = Array.from({ length: 50 }, (_, i) => world.event(`entity-${i % 9}`))
    const receipts = await world.publish(events)
    expect(receipts.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId))
    expect(receipts.map(({ partition }) => partition)).toEqual(events.map(({ entityId }) => partitionOf(entityId, 4)))
    const reader = await world.joinAlone()
    expect(placesByPartition(await reader.take(50))).toEqual(placesByPartition(receipts))
    expect(await reader.rest()).toEqual([])
  })

  check("takes an empty list for what it is", async (world) => {
    expect(await world.bus.publish([])).toEqual([])
  })

  check("carries odd ids and payloads exactly", async (world) => {
    const events = ODD_IDS.map((entityId, i) =>
      createEvent({
        eventType: "odd.type:of-event",
        entityId,
        eventId: `evt odd/{${i}} 😀`,
        timestamp: new Date(-i * 86_400_000 + i),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        payload: {
          texts: ODD_TEXTS.slice(i, i + 3),
          numbers: [0, -1.5, 1e-7, 1e21, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE],
          deep: { "a.b": { "": [[[null, true, false]]] }, ["__proto__"]: { lone: "\ud800" } },
        },
      }),
    )
    await world.publish(events)
    const reader = await world.joinAlone()
    const records = await reader.take(events.length)
    const byId = new Map(records.map(({ data }) => [decodeEvent(data).eventId, data]))
    for (const event of events) {
      expect(byId.get(event.eventId)).toBe(encodeEvent(event))
      expect(decodeEvent(byId.get(event.eventId) as string)).toEqual(event)
    }
  })

  check("stamps a record with the time it was accepted", async (world) => {
    await world.publish([...world.events(2), ...world.events(1)])
    const reader = await world.joinAlone()
    const times = (await reader.take(3)).map(({ acceptedAt }) => acceptedAt)
    expect(times.every(Number.isFinite)).toBe(true)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  check("keeps each entity's order under concurrent publishers", async (world) => {
    const clients = [world.bus, await world.other(), world.bus]
    const published = await Promise.all(
      clients.map(async (bus, client) => {
        const steps = Array.from({ length: 15 }, (_, step) =>
          Array.from({ length: 6 }, (_, i) => world.event(`entity-${i % 3}`, { client, step, i })),
        )
        const receipts = []
        for (const events of steps) receipts.push(...(await world.publish(events, bus)))
        return receipts
      }),
    )
    const reader = await world.joinAlone()
    const order = new Map<string, number>()
    for (const [i, record] of (await reader.take(3 * 15 * 6)).entries()) {
      order.set(decodeEvent(record.data).eventId, i)
    }
    for (const receipts of published) {
      for (const partition of new Set(receipts.map((receipt) => receipt.partition))) {
        const own = receipts.filter((receipt) => receipt.partition === partition)
        const seen = own.map(({ eventId }) => order.get(eventId) as number)
        expect(seen).toEqual([...seen].sort((a, b) => a - b))
      }
    }
  })

  check("gives positions that sort as text and never come twice", async (world) => {
    const receipts = []
    for (let round = 0; round < 12; round++) receipts.push(...(await world.fill(round === 5 ? 1000 : 1)))
    expect(receipts).toEqual([...new Set(receipts)].sort())
  })

  check("lets a publish that was given up be repeated under its ids", async (world) => {
    if (world.bus.capabilities.dedupeWindowMs === 0) return
    const events = world.events(20)
    const giveUp = new AbortController()
    const first = world.bus.publish(events, { signal: giveUp.signal })
    giveUp.abort()
    const codes = (await first).map((result) => (result.ok ? "ok" : result.error.code))
    expect(codes.filter((code) => code !== "ok" && code !== "publish_unknown")).toEqual([])
    const receipts = await world.publish(events)
    const reader = await world.joinAlone()
    const records = [...(await reader.take(20)), ...(await reader.rest())]
    expect(places(records)).toEqual(places(receipts).sort())
  })
}
