import fc from "fast-check"
import { expect, test } from "vitest"
import { assignPartitions } from "./assign.js"

const members = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 })
const partitions = fc.integer({ min: 1, max: 200 })

test("gives every partition to exactly one member", () => {
  fc.assert(
    fc.property(members, partitions, (names, count) => {
      const all = [...assignPartitions(names, count).values()].flat().sort((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: count }, (_, i) => i))
    }),
  )
})

test("gives shares that differ by one at most", () => {
  fc.assert(
    fc.property(members, partitions, (names, count) => {
      const sizes = names.map((name) => assignPartitions(names, count).get(name)?.length as number)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

test("gives every member the same answer, in whatever order it sees the others", () => {
  fc.assert(
    fc.property(
      members.chain((names) => fc.tuple(fc.constant(names), fc.shuffledSubarray(names, { minLength: names.length }))),
      partitions,
      ([names, shuffled], count) => {
        const sorted = (shares: Map<string, number[]>) => [...shares].sort(([a], [b]) => (a < b ? -1 : 1))
        expect(sorted(assignPartitions(shuffled, count))).toEqual(sorted(assignPartitions(names, count)))
      },
    ),
  )
})

test("moves few partitions when a member joins or leaves", () => {
  for (const [count, size] of [
    [16, 3],
    [64, 5],
    [256, 10],
  ] as const) {
    const least = count / (size + 1)
    let moved = 0
    const rounds = 40
    for (let round = 0; round < rounds; round++) {
      const names = Array.from({ length: size }, (_, i) => `worker-${round}-${i}`)
      const before = ownersOf(assignPartitions(names, count))
      const after = ownersOf(assignPartitions([...names, `worker-${round}-new`], count))
      moved += before.filter((owner, partition) => owner !== after[partition]).length
    }
    expect(moved / rounds).toBeGreaterThanOrEqual(Math.floor(least))
    expect(moved / rounds).toBeLessThan(least * 1.5)
  }
})

test("assigns nothing when nobody is there", () => {
  expect(assignPartitions([], 16)).toEqual(new Map())
})

function ownersOf(shares: Map<string, number[]>): string[] {
  const owners: string[] = []
  for (const [member, share] of shares) for (const partition of share) owners[partition] = member
  return owners
}
