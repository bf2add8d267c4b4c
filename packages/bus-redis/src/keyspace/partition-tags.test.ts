import slotOf from "cluster-key-slot"
import { expect, test } from "vitest"
import { Keys } from "./keys.js"
import { partitionTags } from "./partition-tags.js"

const SLOTS = 16_384

/** How many partitions each of `masters` gets when they own equal stretches of slots, as `redis-cli --cluster create` deals them. */
function shares(partitions: number, masters: number): number[] {
  const counts = new Array<number>(masters).fill(0)
  for (const tag of partitionTags(partitions)) {
    const master = Math.min(masters - 1, Math.floor(slotOf(tag) / (SLOTS / masters)))
    counts[master] = (counts[master] ?? 0) + 1
  }
  return counts
}

test("spreads 16 partitions over 3 masters as evenly as can be", () => {
  expect(shares(16, 3).sort()).toEqual([5, 5, 6])
})

test.each([
  [16, 4],
  [64, 8],
  [12, 3],
  [1024, 16],
])("deals %i partitions over %i masters in equal shares", (partitions, masters) => {
  expect(new Set(shares(partitions, masters))).toEqual(new Set([partitions / masters]))
})

test("never changes: stored keys are found by it", () => {
  expect(partitionTags(4)).toEqual(["0.1", "1.3", "2.1", "3.3"])
  expect(partitionTags(1)).toEqual(["0.0"])
})

test("all keys of a partition, and of the dead letters, lie in one slot each", () => {
  const keys = new Keys("shop")
  for (const partition of keys.partitions(16)) {
    const { events, barrier } = partition
    const all = [
      events,
      barrier,
      partition.dedupe("a{b}c", "{}"),
      partition.dedupe("}{", "}"),
      partition.attempts("group"),
    ]
    expect(new Set(all.map((key) => slotOf(key))).size).toBe(1)
  }
  const dead = [keys.deadLetters, keys.deadLetterSeen("abc"), keys.deadLetterBarrier]
  expect(new Set(dead.map((key) => slotOf(key))).size).toBe(1)
  expect(slotOf(keys.members("group"))).toBe(slotOf(keys.leases("group")))
})
