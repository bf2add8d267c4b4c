import { expect, test } from "vitest"
import { systemClock } from "../clock.js"
import { MemoryPartition } from "./memory-log.js"

test("is full only with records that some group has yet to settle", () => {
  const partition = new MemoryPartition(0, systemClock, 1_000, 10)
  partition.group("group")
  const append = (n: number) => partition.append({ eventId: `evt_${n}`, entityId: "entity", data: "data" })
  const positions = Array.from({ length: 10 }, (_, n) => append(n)).map((result) => (result.ok ? result.position : ""))
  expect(append(10)).toMatchObject({ ok: false, error: { code: "bus_full" } })
  partition.writeCheckpoint("group", positions[2] as string)
  expect([10, 11, 12].map((n) => append(n).ok)).toEqual([true, true, true])
  expect(append(13)).toMatchObject({ ok: false })
  expect(partition.readAfter(null, 1)[0]?.position).toBe(positions[3])
})

test("is full for ever when nobody reads", () => {
  const partition = new MemoryPartition(0, systemClock, 0, 2)
  expect([1, 2, 3].map((n) => partition.append({ eventId: `evt_${n}`, entityId: "entity", data: "data" }).ok)).toEqual([
    true,
    true,
    false,
  ])
})

test("a new log begins behind an old one, as records that outlive it expect", () => {
  let now = 1_764_000_000_000
  const clock = { ...systemClock, now: () => now }
  const append = () => {
    const partition = new MemoryPartition(0, clock, 1_000, 10)
    expect(partition.end).toBeNull()
    return ["a", "b"].map((eventId) => partition.append({ eventId, entityId: "entity", data: "data" }))
  }
  const before = append()
  now += 1
  const positions = [...before, ...append()].map((result) => (result.ok ? result.position : ""))
  expect(new Set(positions).size).toBe(4)
  expect([...positions].sort()).toEqual(positions)
})
