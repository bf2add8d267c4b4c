import fc from "fast-check"
import { expect, test } from "vitest"
import { spellTime } from "./spell-time.js"

test.each([
  0, -1, 999, 1_769_860_800_123, -62_167_219_200_000, 253_402_300_799_999, 8_640_000_000_000_000,
  -8_640_000_000_000_000,
])("spells %d as toISOString does", (time) => {
  expect(spellTime(new Date(time))).toBe(new Date(time).toISOString())
})

test("spells every time as toISOString does", () => {
  fc.assert(fc.property(fc.date({ noInvalidDate: true }), (date) => spellTime(date) === date.toISOString()))
})

test("refuses a Date that is none", () => {
  expect(() => spellTime(new Date(Number.NaN))).toThrow(RangeError)
})
