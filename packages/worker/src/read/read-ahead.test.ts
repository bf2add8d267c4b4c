import type { Subscription } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { PartitionSession } from "../partition/partition-session.js"
import { ReadAhead } from "./read-ahead.js"

const MB = 1024 * 1024

function setup(partitions: number) {
  const sessions = new Map(
    Array.from({ length: partitions }, (_, i) => [i, new PartitionSession(i, { position: null, records: 0 }, null)]),
  )
  const paused = new Set<number>()
  const subscription = { pause: (i: number) => paused.add(i), resume: (i: number) => paused.delete(i) }
  const readAhead = new ReadAhead(sessions)
  return {
    paused,
    /** What each partition now has; all are looked at. */
    has(...held: { events?: number; bytes?: number }[]) {
      for (const [i, { events = 0, bytes = 0 }] of held.entries()) {
        const session = sessions.get(i) as PartitionSession
        session.unsettled = events
        session.unsettledBytes = bytes
      }
      for (const session of sessions.values()) readAhead.hold(session, subscription as unknown as Subscription)
      readAhead.release(subscription as unknown as Subscription)
      return [...paused]
    },
  }
}

test.each([
  ["events", { events: 10_000 }, { events: 9_999 }, { events: 5_000 }, { events: 4_999 }],
  ["bytes", { bytes: 16 * MB }, { bytes: 16 * MB - 1 }, { bytes: 8 * MB }, { bytes: 8 * MB - 1 }],
])("one partition is paused when it has enough %s, until half is settled", (_, enough, less, half, lessThanHalf) => {
  const { has } = setup(2)
  expect(has(less)).toEqual([])
  expect(has(enough)).toEqual([0])
  expect(has(half)).toEqual([0])
  expect(has(lessThanHalf)).toEqual([])
})

test.each([
  ["events", { events: 9_000 }, { events: 5_000 }, { events: 4_000 }],
  ["bytes", { bytes: 12 * MB }, { bytes: 7 * MB }, { bytes: 5 * MB }],
])("when all together have enough %s, those with more than their share are paused", (_, much, share, little) => {
  const { has } = setup(10)
  const nine = (one: object) => Array.from({ length: 9 }, () => one)
  expect(has({}, ...nine(much))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(has(little, ...nine(share)).includes(0)).toBe(false)
  // Half of all is settled: who has less than half its own is read on, whatever its share.
  expect(has({}, ...nine({}).slice(1), little)).toEqual([])
})

test("a partition that was let go of is not kept", () => {
  const { has } = setup(1)
  expect(has({ events: 10_000 })).toEqual([0])
  expect(has({})).toEqual([])
})
