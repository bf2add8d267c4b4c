import { expect, test } from "vitest"
import type { Item } from "../lane/item.js"
import { type Lane, newLane } from "../lane/lane.js"
import { PartitionRun } from "./partition-run.js"

const LIMIT = 2

function full(run: PartitionRun, id: string, last: string): Lane {
  const lane = newLane({ entityType: "User", entityId: id }, run)
  lane.state = "waiting"
  lane.items = [{} as Item, { record: { position: last } } as Item]
  return lane
}

function empty(lane: Lane): void {
  lane.items = []
  lane.state = "idle"
}

const begin = () => new PartitionRun(0, { position: null, records: 0 }, null)

test("a full lane leaves out what comes, and all after it, until it has been read again in order", () => {
  const run = begin()
  const { overflow } = run
  const ann = full(run, "ann", "02")
  expect([overflow.leaves(ann, LIMIT), overflow.leaves(ann, LIMIT)]).toEqual([true, true]) // 03, 05
  empty(ann)
  expect(overflow.leaves(ann, LIMIT)).toBe(true) // 07: it has room, but 03 comes first
  expect(overflow.size).toBe(3)
  expect(run.isBusy).toBe(true)
  expect(overflow.again(ann)).toBe("02")
  expect(overflow.again(ann)).toBeUndefined() // on its way
  expect(["01", "02", "03", "03", "05", "07", "09"].map((at) => overflow.takes(ann, at, LIMIT))).toEqual([
    ...[false, false, true, false, true, true],
    false,
  ])
  expect(run.isBusy).toBe(false)
})

test("a lane that is full again when its records come lets them all go by, and asks again", () => {
  const run = begin()
  const { overflow } = run
  const ann = full(run, "ann", "02")
  for (const _ of ["03", "04", "05"]) overflow.leaves(ann, LIMIT)
  empty(ann)
  overflow.again(ann)
  expect(overflow.takes(ann, "03", LIMIT)).toBe(true)
  ann.items = [{} as Item, { record: { position: "03" } } as Item]
  ann.state = "waiting"
  expect(overflow.takes(ann, "04", LIMIT)).toBe(false)
  empty(ann)
  expect(overflow.takes(ann, "05", LIMIT)).toBe(false)
  expect(overflow.again(ann)).toBe("03")
})

test("a new pass brings what the last one would still have brought to others", () => {
  const run = begin()
  const { overflow } = run
  const [ann, bob] = [full(run, "ann", "02"), full(run, "bob", "06")]
  for (const lane of [ann, bob, ann]) overflow.leaves(lane, LIMIT) // 03, 07, 09
  empty(ann)
  expect(overflow.again(ann)).toBe("02")
  expect(overflow.takes(ann, "03", LIMIT)).toBe(true)
  expect(overflow.takes(bob, "07", LIMIT)).toBe(false) // still full
  empty(bob)
  expect(overflow.again(bob)).toBe("03") // 09 is still to come
  expect(overflow.takes(bob, "07", LIMIT)).toBe(true)
  expect(overflow.takes(ann, "09", LIMIT)).toBe(true)
})

test("a pass that begins after what a lane lacks brings it nothing", () => {
  const run = begin()
  const { overflow } = run
  const [ann, bob] = [full(run, "ann", "02"), full(run, "bob", "06")]
  for (const lane of [ann, bob]) overflow.leaves(lane, LIMIT)
  empty(bob)
  expect(overflow.again(bob)).toBe("06")
  empty(ann) // it takes its last event meanwhile
  expect(overflow.takes(ann, "08", LIMIT)).toBe(false)
  expect(overflow.again(ann)).toBe("02")
})
