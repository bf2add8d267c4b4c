import { type DeadLetter, discardAll, replayAll } from "@fabra/events"
import { decodeEvent, type NewDeadLetter, partitionOf, replayEvent } from "@fabra/events/adapter"
import { expect } from "vitest"
import { deadLetter, failedEvent } from "./dead-letter-samples.js"
import type { BusWorld, Check } from "./world.js"

const CAPACITY = 40

/** Replay: the event once more, aimed at what failed. */
export function testReplay(check: Check): void {
  check("publishes the event again, aimed at the features that failed", async (world) => {
    const failure = deadLetter(1, { features: ["total", "average"] })
    const id = await queued(world, failure)
    expect(await world.bus.deadLetters.replay([id])).toEqual([{ id, status: "replayed" }])
    const [event] = await published(world, 1)
    expect(event).toEqual({
      ...failedEvent(1),
      eventId: expect.not.stringMatching(/^evt_failed_1$/),
      replay: {
        of: "evt_failed_1",
        group: "group",
        features: ["total", "average"],
        entityType: "User",
        position: failure.position,
      },
    })
    expect(event).toEqual(replayEvent(failure))
  })

  check("replays all that a filter means, oldest first, and leaves the others", async (world) => {
    const { deadLetters } = world.bus
    const all = Array.from({ length: 120 }, (_, n) => {
      const features = [n % 3 === 0 ? "other" : "total"]
      return deadLetter(n, { features }, { ...failedEvent(n), entityId: "one" })
    })
    await deadLetters.append(all)
    const meant = all.filter(({ features }) => features[0] === "total")
    const outcomes = await replayAll(deadLetters, { feature: "total" })
    expect(outcomes.map(({ status }) => status)).toEqual(meant.map(() => "replayed"))
    expect((await deadLetters.stats()).count).toBe(40)
    expect(await published(world, 80)).toEqual(meant.map(replayEvent))
    expect(await discardAll(deadLetters)).toBe(40)
    expect(await deadLetters.stats()).toEqual({ count: 0, oldestAt: null })
  })

  check("takes a replayed dead letter off the queue", async (world) => {
    const id = await queued(world, deadLetter(1))
    await world.bus.deadLetters.replay([id])
    expect(await world.bus.deadLetters.get(id)).toBeUndefined()
    expect(await world.bus.deadLetters.stats()).toEqual({ count: 0, oldestAt: null })
  })

  check("publishes once when asked twice", async (world) => {
    const id = await queued(world, deadLetter(1))
    const { deadLetters } = world.bus
    const [one, two] = await Promise.all([deadLetters.replay([id]), deadLetters.replay([id])])
    const again = await deadLetters.replay([id])
    expect([one, two].flat().some(({ status }) => status === "replayed")).toBe(true)
    expect(again).toEqual([{ id, status: "not_found" }])
    if (world.bus.capabilities.dedupeWindowMs > 0) expect(await published(world, 1)).toHaveLength(1)
  })

  check("remembers the event that failed first when a replay fails in turn", async (world) => {
    const replayed = replayEvent(deadLetter(1))
    const id = await queued(world, deadLetter(2, {}, replayed))
    await world.bus.deadLetters.replay([id])
    const [event] = await published(world, 1)
    expect(event?.replay?.of).toBe("evt_failed_1")
    expect(event?.eventId).not.toBe(replayed.eventId)
  })

  check("answers for each id alone", async (world) => {
    const unreadable = deadLetter(1, { data: "not json", features: [], reason: "invalid_event" })
    await world.bus.deadLetters.append([unreadable, deadLetter(2), deadLetter(3)])
    const [bad, good, kept] = (await world.bus.deadLetters.list()).entries as [DeadLetter, DeadLetter, DeadLetter]
    const gone = kept.id
    await world.bus.deadLetters.discard([gone])
    const outcomes = await world.bus.deadLetters.replay([gone, bad.id, good.id])
    expect(outcomes.map(({ id, status }) => [id, status])).toEqual([
      [gone, "not_found"],
      [bad.id, "failed"],
      [good.id, "replayed"],
    ])
    expect(outcomes[1]?.error).toMatchObject({ code: "invalid_event" })
    expect(await world.bus.deadLetters.get(bad.id)).toEqual(bad)
    const replayed = (await published(world, 2)).filter(({ replay }) => !replay?.discard)
    expect(replayed.map(({ entityId }) => entityId)).toEqual([good.entityId])
    expect(await world.bus.deadLetters.replay([])).toEqual([])
  })

  check(
    "keeps a dead letter that it cannot publish",
    async (world) => {
      const failure = deadLetter(1)
      const id = await queued(world, failure)
      const partition = partitionOf(failure.entityId as string, world.options.partitions)
      await world.bus.publish(world.events(CAPACITY * 10, partition))
      const [outcome] = await world.bus.deadLetters.replay([id])
      expect(outcome).toMatchObject({ id, status: "failed", error: { code: "bus_full" } })
      await expect(world.bus.deadLetters.discard([id])).rejects.toMatchObject({ code: "bus_full" })
      expect(await world.bus.deadLetters.get(id)).toEqual({ id, ...failure })
    },
    { maxEventsPerPartition: CAPACITY },
  )

  check("tells workers to forget what is discarded, but not what could not be read", async (world) => {
    const unreadable = deadLetter(1, { data: "not json", features: [], reason: "invalid_event" })
    await world.bus.deadLetters.append([unreadable, deadLetter(2)])
    const { entries } = await world.bus.deadLetters.list()
    expect(await world.bus.deadLetters.discard(entries.map(({ id }) => id))).toBe(2)
    const [event, ...more] = await published(world, 1)
    expect(more).toEqual([])
    const { group, features, position } = deadLetter(2)
    expect(event?.replay).toEqual({ of: "evt_failed_2", group, features, entityType: "User", position, discard: true })
  })
}

async function queued(world: BusWorld, entry: NewDeadLetter): Promise<string> {
  await world.bus.deadLetters.append([entry])
  const { entries } = await world.bus.deadLetters.list()
  return entries[0]?.id as string
}

/** All events in the log, of which there must be at least `count`. */
async function published(world: BusWorld, count: number) {
  const reader = await world.joinAlone()
  return [...(await reader.take(count)), ...(await reader.rest())].map(({ data }) => decodeEvent(data))
}
