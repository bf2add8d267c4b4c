import { expect, test } from "vitest"
import { Overflow, type Queue } from "./overflow.js"
import { PartitionSession } from "./partition-session.js"

const LIMIT = 2

function full(last: string): { -readonly [Key in keyof Queue]: Queue[Key] } {
  return { state: "waiting", items: [{ record: { position: "" } }, { record: { position: last } }] }
}

function empty(lane: ReturnType<typeof full>): void {
  lane.items = []
  lane.state = "idle"
}

test("a full lane defers a record, and all after it, until they have been read again in order", () => {
  const session = new PartitionSession(0, { position: null, records: 0 }, null)
  const { overflow } = session
  const ann = full("02")
  expect([overflow.defers(ann, LIMIT), overflow.defers(ann, LIMIT)]).toEqual([true, true]) // 03, 05
  empty(ann)
  expect(overflow.defers(ann, LIMIT)).toBe(true) // 07: it has room, but 03 comes first
  expect(overflow.size).toBe(3)
  expect(session.isBusy).toBe(true)
  expect(overflow.rereadAfter(ann)).toBe("02")
  expect(overflow.rereadAfter(ann)).toBeUndefined() // on its way
  expect(["01", "02", "03", "03", "05", "07", "09"].map((at) => overflow.accepts(ann, at, LIMIT))).toEqual([
    false,
    false,
    true,
    false,
    true,
    true,
    false,
  ])
  expect(session.isBusy).toBe(false)
})

test("a lane that is full again when its records come lets them all go by, and asks again", () => {
  const overflow = new Overflow()
  const ann = full("02")
  for (const _ of ["03", "04", "05"]) overflow.defers(ann, LIMIT)
  empty(ann)
  overflow.rereadAfter(ann)
  expect(overflow.accepts(ann, "03", LIMIT)).toBe(true)
  ann.items = [{ record: { position: "02" } }, { record: { position: "03" } }]
  ann.state = "waiting"
  expect(overflow.accepts(ann, "04", LIMIT)).toBe(false)
  empty(ann)
  expect(overflow.accepts(ann, "05", LIMIT)).toBe(false)
  expect(overflow.rereadAfter(ann)).toBe("03")
})

test("a new pass brings what the last one would still have brought to others", () => {
  const overflow = new Overflow()
  const [ann, bob] = [full("02"), full("06")]
  for (const lane of [ann, bob, ann]) overflow.defers(lane, LIMIT) // 03, 07, 09
  empty(ann)
  expect(overflow.rereadAfter(ann)).toBe("02")
  expect(overflow.accepts(ann, "03", LIMIT)).toBe(true)
  expect(overflow.accepts(bob, "07", LIMIT)).toBe(false) // still full
  empty(bob)
  expect(overflow.rereadAfter(bob)).toBe("03") // 09 is still to come
  expect(overflow.accepts(bob, "07", LIMIT)).toBe(true)
  expect(overflow.accepts(ann, "09", LIMIT)).toBe(true)
})

test("a pass that begins after what a lane lacks brings it nothing", () => {
  const overflow = new Overflow()
  const [ann, bob] = [full("02"), full("06")]
  for (const lane of [ann, bob]) overflow.defers(lane, LIMIT)
  empty(bob)
  expect(overflow.rereadAfter(bob)).toBe("06")
  empty(ann) // it settles its last event meanwhile
  expect(overflow.accepts(ann, "08", LIMIT)).toBe(false)
  expect(overflow.rereadAfter(ann)).toBe("02")
})
