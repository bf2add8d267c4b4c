import { FeatureStore } from "@fabra/core"
import type { WholeRecord } from "@fabra/core/adapter"
import { expect, test } from "vitest"
import { isForgotten, tombstonesOf } from "./ageing.js"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = 1_800_000_000_000

const store = new FeatureStore()
const User = store.entity("User", { key: "user_id" })
store.feature("short", { entity: User, ttl: "1h" })
store.feature("long", { entity: User, ttl: "7d" })
store.feature("endless", { entity: User })

function record(ages: Readonly<Record<string, number>>, rest: Partial<WholeRecord> = {}): WholeRecord {
  const values = Object.entries(ages).map(([name, age]) => [
    name,
    { text: "1", eventTime: null, computedAt: NOW - age },
  ])
  return {
    key: { entityType: "User", entityId: "u" },
    version: "v",
    writtenDirectly: false,
    values: new Map(values as never),
    parts: new Map(),
    tombstones: new Map(),
    ...rest,
  }
}

test.each([
  ["a value within its ttl", record({ short: HOUR - 1 }), false],
  ["one that another clock may still serve", record({ short: HOUR + 59_999 }), false],
  ["one that no clock serves", record({ short: HOUR + 60_000 }), true],
  ["one value of two within its ttl", record({ short: 8 * DAY, long: 6 * DAY }), false],
  ["two beyond theirs", record({ short: 8 * DAY, long: 8 * DAY }), true],
  ["a value that has none", record({ short: 8 * DAY, endless: 1000 * DAY }), false],
  ["a value of no feature known", record({ short: 8 * DAY, unknown: 1000 * DAY }), false],
  ["no value", record({}), true],
  ["a direct write of today", record({ short: DAY - 1 }, { writtenDirectly: true }), false],
  ["one of yesterday", record({ short: DAY }, { writtenDirectly: true }), true],
  ["one of nobody knows when", record({}, { writtenDirectly: true }), false],
])("with %s, a record is forgotten or not", (_, one, expected) => {
  expect(isForgotten(one, store.registry.stored, NOW)).toBe(expected)
})

function withParts(parts: Readonly<Record<string, string>>, rest: Partial<WholeRecord> = {}): WholeRecord {
  const all = Object.entries(parts).map(([group, state]) => [group, { state, flags: new Set<string>() }] as const)
  return record({}, { parts: new Map(all), ...rest })
}

const checkpoints = new Map([
  ["a", ["5", "7"]],
  ["b", [null, "3"]],
])

test("what is left is a checkpoint of each group that was at work", () => {
  const tombstones = new Map([["b", '{"0":["1"]}']])
  expect(tombstonesOf(withParts({ a: '{"1":["7"]}', b: '{"1":["2"]}' }, { tombstones }), checkpoints)).toEqual([
    { group: "a", before: null, after: '{"1":["7"]}' },
    { group: "b", before: '{"0":["1"]}', after: '{"0":["1"],"1":["3"]}' },
  ])
})

test("what is left never goes back", () => {
  const tombstones = new Map([["a", '{"1":["9"]}']])
  expect(tombstonesOf(withParts({ a: '{"1":["2"]}' }, { tombstones }), checkpoints)).toEqual([
    { group: "a", before: '{"1":["9"]}', after: '{"1":["9"]}' },
  ])
})

test("a record that was only set, or whose values readers keep, leaves nothing", () => {
  expect(tombstonesOf(withParts({ "~reads": '{"some_feature":123}' }), checkpoints)).toEqual([])
})

test.each([
  ["a mark that no stored checkpoint covers", withParts({ a: '{"0":["6"]}' })],
  ["a group without a checkpoint", withParts({ b: '{"0":["1"]}' })],
  ["a group that the bus does not know", withParts({ a: '{"0":["1"]}', c: '{"0":["1"]}' })],
  ["an event half done", withParts({ a: '{"0":["1","2",["x"]]}' })],
  ["a dead letter", record({}, { parts: new Map([["a", { state: "{}", flags: new Set(["dead:x/e"]) }]]) })],
])("with %s a record stays", (_, one) => {
  expect(tombstonesOf(one, checkpoints)).toBeUndefined()
})
