import type { PartitionBatch } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { ReadSize } from "./read-size.js"

function batches(partitions: number, records: number, characters = 100): PartitionBatch[] {
  const record = { position: "", data: "x".repeat(characters), acceptedAt: 0 }
  return Array.from({ length: partitions }, (_, partition) => ({ partition, records: Array(records).fill(record) }))
}

test("shares out what is wanted, at first among all", () => {
  expect(new ReadSize().next(16, 1000)).toBe(63)
})

test("gives those that have news more, but not so much that all together would be far too many", () => {
  const size = new ReadSize()
  size.learn(batches(8, 10))
  expect(size.next(16, 1000)).toBe(125)
  size.learn(batches(1, 10))
  expect(size.next(16, 1000)).toBe(250)
  expect(size.next(1, 1000)).toBe(1000)
})

test("never asks for more than is wanted, nor for nothing", () => {
  const size = new ReadSize()
  expect(size.next(1, 10)).toBe(10)
  expect(size.next(2, 1)).toBe(1)
  expect(size.next(64, 1)).toBe(1)
})

test("asks for fewer large events", () => {
  const size = new ReadSize()
  size.learn(batches(1, 2, 1_000_000))
  expect(size.next(1, 1000)).toBe(16)
  for (let i = 0; i < 20; i++) size.learn(batches(1, 10, 100))
  expect(size.next(1, 1000)).toBe(1000)
})

test("learns nothing from a read that brought nothing", () => {
  const size = new ReadSize()
  size.learn(batches(4, 1))
  size.learn([])
  expect(size.next(8, 100)).toBe(25)
})
