import { expect, test } from "vitest"
import { matchesFilter, parseFilter } from "./metadata-filter.js"

test.each([
  ["text", "filter"],
  [{ a: undefined, b: [] }, "filter.b"],
  [{ a: { $near: 5 } }, "filter.a.$near"],
  [{ a: { b: 5 } }, "filter.a.b"],
  [{ a: { $in: 5 } }, "filter.a.$in"],
  [{ a: { $in: [[]] } }, "filter.a.$in"],
  [{ a: { $eq: {} } }, "filter.a.$eq"],
  [{ a: { $gt: null } }, "filter.a.$gt"],
  [{ a: { $lt: Number.NaN } }, "filter.a.$lt"],
  [{ a: Number.POSITIVE_INFINITY }, "filter.a"],
  [{ $or: {} }, "filter.$or"],
  [{ $or: [{ a: 1 }, 5] }, "filter.$or[1]"],
  [{ $not: [] }, "filter.$not"],
  [{ $nor: [] }, "filter.$nor"],
  [{ a: "x\ud800" }, "filter.a"],
  [{ $not: { a: { $gt: "x\ud800" } } }, "filter.$not.a.$gt"],
  [{ a: { $in: ["fine", "x\ud800"] } }, "filter.a.$in"],
  [{ "a\ud800": 1 }, 'filter["a\\ud800"]'],
  [{ "odd key": { $x: 1 } }, 'filter["odd key"].$x'],
])("says where %j makes no sense", (filter, path) => {
  expect(() => parseFilter(filter)).toThrow(expect.objectContaining({ code: "invalid_argument", path }))
})

test("names the operators there are", () => {
  expect(() => parseFilter({ a: { $neq: 1 } })).toThrow(/no operator \(known: \$eq, \$in, \$gt/)
  expect(() => parseFilter({ $nor: [] })).toThrow(/no operator \(known: \$and, \$or, \$not\)/)
})

test("refuses nesting without end", () => {
  let filter: object = { a: 1 }
  for (let i = 0; i < 20; i++) filter = { $not: filter }
  expect(() => parseFilter(filter)).toThrow(/deeper than 16/)
})

test("is not fooled by names that every object has", () => {
  expect(matchesFilter({}, parseFilter({ constructor: "x" }))).toBe(false)
  expect(matchesFilter({}, parseFilter(JSON.parse('{"__proto__": "x"}')))).toBe(false)
  expect(matchesFilter(JSON.parse('{"__proto__": "x"}'), parseFilter(JSON.parse('{"__proto__": "x"}')))).toBe(true)
})

test("takes all conditions of a field together", () => {
  const between = parseFilter({ n: { $gte: 1, $lt: 3 } })
  expect([0, 1, 2, 3].filter((n) => matchesFilter({ n }, between))).toEqual([1, 2])
})
