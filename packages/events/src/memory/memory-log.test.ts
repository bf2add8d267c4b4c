import { expect, test } from "vitest"
import { systemClock } from "../clock.js"
import { MemoryPartition, Retained } from "./memory-log.js"

test("is full only with records that some group has yet to settle", () => {
  const partition = new MemoryPartition(0, systemClock, { dedupeWindowMs: 1_000, maxRecords: 10 })
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
  const partition = new MemoryPartition(0, systemClock, { dedupeWindowMs: 0, maxRecords: 2 })
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
    const partition = new MemoryPartition(0, clock, { dedupeWindowMs: 1_000, maxRecords: 10 })
    expect(partition.end).toBeNull()
    return ["a", "b"].map((eventId) => partition.append({ eventId, entityId: "entity", data: "data" }))
  }
  const before = append()
  now += 1
  const positions = [...before, ...append()].map((result) => (result.ok ? result.position : ""))
  expect(new Set(positions).size).toBe(4)
  expect([...positions].sort()).toEqual(positions)
})

test("what is settled is kept up to so many bytes, and then dropped", () => {
  const retained = new Retained(40)
  const partition = new MemoryPartition(0, systemClock, { dedupeWindowMs: 0, maxRecords: 100, retained })
  partition.group("group")
  const append = () => {
    const result = partition.append({ eventId: "evt", entityId: "entity", data: "0123456789" })
    partition.writeCheckpoint("group", result.ok ? result.position : "")
  }
  for (let n = 0; n < 4; n++) append()
  expect([partition.countAfter(null), partition.isWhole, retained.bytes]).toEqual([4, true, 40])
  append()
  expect([partition.countAfter(null), partition.isWhole, retained.bytes]).toEqual([0, false, 0])
})

test("a log that starts again has the same records in their order, all of them new to every group", () => {
  const retained = new Retained(1_000)
  const partition = new MemoryPartition(0, systemClock, { dedupeWindowMs: 1_000, maxRecords: 100, retained })
  const append = (eventId: string) => partition.append({ eventId, entityId: "entity", data: `"${eventId}"` })
  const [, , third] = ["a", "b", "c"].map(append).map((result) => (result.ok ? result.position : ""))
  partition.writeCheckpoint("group", third as string)
  expect(partition.startAgain(({ data }) => data !== '"b"')).toBe(2)
  const records = partition.readAfter(partition.group("group").checkpoint, 10)
  expect(records.map(({ data }) => data)).toEqual(['"a"', '"c"'])
  expect(append("c")).toMatchObject({ duplicate: true, position: records[1]?.position })
  expect(retained.bytes).toBe(6)
})
