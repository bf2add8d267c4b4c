import { type EncodedEvent, partitionOf } from "@fabra/events"
import { expect, test } from "vitest"
import { byPartition } from "./chunks.js"

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
