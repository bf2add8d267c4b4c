import { type EncodedEvent, partitionOf } from "@fabra/events/adapter"
import { describe, expect, test } from "vitest"
import { byPartition, pack } from "./chunks.js"

function events(count: number, characters = 10): EncodedEvent[] {
  return Array.from({ length: count }, (_, i) => ({
    eventId: `e${i}`,
    entityId: `u${i % 50}`,
    data: "x".repeat(characters),
  }))
}

test("puts every event into one chunk of its own partition, in order", () => {
  const all = events(3_000)
  const lanes = byPartition(all, 4)
  const slots: number[] = []
  for (const [partition, chunks] of lanes) {
    const lane = chunks.flatMap((chunk) => chunk.slots)
    expect(lane).toEqual([...lane].sort((a, b) => a - b))
    for (const chunk of chunks) {
      expect(chunk.events.length).toBeLessThanOrEqual(500)
      expect(chunk.events).toEqual(chunk.slots.map((slot) => all[slot]))
      expect(chunk.events.every(({ entityId }) => partitionOf(entityId, 4) === partition)).toBe(true)
    }
    slots.push(...lane)
  }
  expect(slots).toHaveLength(3_000)
})

test("limits chunks by size, but takes an event that is larger alone", () => {
  const sizes = [...byPartition(events(5, 400_000), 1).values()].flat().map((chunk) => chunk.events.length)
  expect(sizes).toEqual([2, 2, 1])
  const large = [...byPartition(events(2, 2_000_000), 1).values()].flat().map((chunk) => chunk.events.length)
  expect(large).toEqual([1, 1])
})

describe("packing", () => {
  const chunk = (partition: number, count: number, characters = 10) => {
    return { partition, events: events(count), characters: count * characters }
  }
  const shape = (calls: { partition: number; events: readonly unknown[] }[][][]) =>
    calls.map((call) => call.map((lane) => lane.map(({ partition, events }) => `${partition}:${events.length}`)))

  test("fills calls up to the limits, what is for one partition together and in order", () => {
    const chunks = [chunk(1, 200), chunk(0, 100), chunk(1, 199), chunk(2, 1), chunk(0, 1), chunk(1, 499)]
    expect(shape(pack(chunks, false))).toEqual([
      [["1:200", "1:199"], ["0:100"], ["2:1"]],
      [["0:1"], ["1:499"]],
    ])
    const large = [chunk(0, 2, 300_000), chunk(1, 1, 400_000), chunk(2, 1, 2_000_000), chunk(0, 1)]
    expect(shape(pack(large, false))).toEqual([[["0:2"], ["1:1"]], [["2:1"]], [["0:1"]]])
  })

  test("keeps partitions apart where they may lie on different servers", () => {
    const chunks = [chunk(1, 200), chunk(0, 100), chunk(1, 300), chunk(0, 1), chunk(1, 1)]
    expect(shape(pack(chunks, true))).toEqual([[["1:200", "1:300"]], [["0:100", "0:1"]], [["1:1"]]])
  })
})
