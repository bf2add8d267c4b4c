import { expect, test } from "vitest"
import { Progress, type ReadBatch } from "./progress.js"

const batch = (end: string, pending: number): ReadBatch => ({ end, records: 10, pending })

test("a checkpoint reaches to the end of the settled prefix, never past what is open", () => {
  const progress = new Progress(0)
  const [first, second, third] = [batch("10", 1), batch("20", 0), batch("30", 1)]
  for (const one of [first, second, third]) progress.add(one)
  progress.advance()
  expect(progress.safe(0)).toBeUndefined()
  first.pending = 0
  progress.advance()
  expect(progress.safe(0)).toMatchObject({ position: "20", records: 20 })
  third.pending = 0
  progress.advance()
  expect(progress.safe(0)).toMatchObject({ position: "30", records: 30 })
})

test("R7: only what was settled whole ticks ago is safe", () => {
  const progress = new Progress(5)
  for (const end of ["10", "20", "30"]) {
    progress.add(batch(end, 0))
    progress.advance()
    progress.tick()
  }
  // Settled in ticks 0, 1 and 2; it is tick 3, and a tick counts when it is over.
  expect(progress.safe(2)).toMatchObject({ position: "10", records: 15 })
  expect(progress.safe(1)).toMatchObject({ position: "20" })
  expect(progress.safe(5)).toBeUndefined()
  progress.forget("10")
  expect(progress.safe(2)).toBeUndefined()
  expect(progress.safe(1)).toMatchObject({ position: "20", records: 25 })
})

test("what is settled later in one tick makes the point no older than it is", () => {
  const progress = new Progress(0)
  progress.add(batch("10", 0))
  progress.advance()
  progress.tick()
  progress.add(batch("20", 0))
  progress.advance()
  progress.add(batch("30", 0))
  progress.advance()
  progress.tick()
  expect(progress.safe(1)).toMatchObject({ position: "10" })
})

test("what is settled behind an open batch does not pile up, and counts when that is settled", () => {
  const progress = new Progress(0)
  const [first, open] = [batch("0010", 1), batch("5000", 1)]
  progress.add(first)
  for (let end = 11; end < 5000; end++) {
    progress.add(batch(`${end}`.padStart(4, "0"), 0))
    progress.advance()
  }
  progress.add(open)
  expect(progress.size).toBeLessThan(5)
  expect(progress.batchOf("0005")).toBe(first)
  expect(progress.batchOf("5000")).toBe(open)
  first.pending = 0
  progress.advance()
  expect(progress.safe(0)).toMatchObject({ position: "4999", records: 10 + 4989 * 10 })
})
