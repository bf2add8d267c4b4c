import type { PartitionBatch } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { inParts } from "./parts.js"

function batch(partition: number, ...positions: string[]): PartitionBatch {
  return { partition, records: positions.map((position) => ({ position, data: "", acceptedAt: 0 })) }
}

test("deals out what was read in order, and parts a batch that is too large", () => {
  const parts = inParts([batch(0, "a", "b"), batch(1), batch(2, "c", "d", "e", "f", "g")], 3)
  expect(parts.map(({ records }) => records)).toEqual([3, 3, 1])
  const positions = parts.map(({ batches }) =>
    batches.map(({ partition, records }) => [partition, records.map(({ position }) => position).join("")]),
  )
  expect(positions).toEqual([
    [
      [0, "ab"],
      [2, "c"],
    ],
    [[2, "def"]],
    [[2, "g"]],
  ])
})

test("makes no part of a read that brought nothing", () => {
  expect(inParts([], 3)).toEqual([])
  expect(inParts([batch(0)], 3)).toEqual([])
})
