import { FabraError } from "@fabra/events"
import { describe, expect, test } from "vitest"
import { decodeValue, encodeValue } from "./values.js"

test.each([
  0,
  -1.5,
  1e300,
  5e-324,
  "",
  'quotes " and \\ and \u2028 and 😀',
  "\ud800",
  true,
  null,
  12345678901234567890n,
  new Date("2026-01-31T12:00:00.123Z"),
  [],
  {},
  [1, [null, { a: [false] }]],
  { at: new Date(0), n: -1n, deep: { list: [1n, new Date(1)] } },
  { $date: "not a date of ours" },
  { $bigint: 1, other: 2 },
  { $literal: { $literal: { $date: new Date(5) } } },
  JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'),
])("value %# comes back as it went in", (value) => {
  const back = decodeValue(encodeValue(value, "value"))
  expect(back).toEqual(value)
  expect(JSON.stringify(back, bigints)).toBe(JSON.stringify(value, bigints))
})

const bigints = (_key: string, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)

test("every read gives a value of its own", () => {
  const text = encodeValue({ list: [1] }, "value")
  expect(decodeValue(text)).not.toBe(decodeValue(text))
})

describe("what cannot be kept is refused with its path", () => {
  class Money {}
  const cycle: { self?: unknown } = {}
  cycle.self = [cycle]
  let deep: unknown = 1
  for (let i = 0; i < 70; i++) deep = [deep]
  test.each([
    [undefined, "value"],
    [Number.NaN, "value"],
    [{ rates: [1, Number.POSITIVE_INFINITY] }, "value.rates[1]"],
    [{ "odd key": { f() {} } }, 'value["odd key"].f'],
    [[1, undefined], "value[1]"],
    [new Array(2), "value[0]"],
    [{ a: Symbol("s") }, "value.a"],
    [{ m: new Map() }, "value.m"],
    [{ m: new Money() }, "value.m"],
    [new Date(Number.NaN), "value"],
  ])("%#", (value, path) => {
    expect(() => encodeValue(value, "value")).toThrow(FabraError)
    expect(() => encodeValue(value, "value")).toThrow(expect.objectContaining({ code: "invalid_value", path }))
  })
  test("cycles and bottomless nesting", () => {
    expect(() => encodeValue(cycle, "value")).toThrow(/refers to itself/)
    expect(() => encodeValue(deep, "value")).toThrow(/deeper than 64/)
  })
})
