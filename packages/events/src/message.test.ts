import { expect, test } from "vitest"
import { didYouMean, nearest, show } from "./message.js"

test("shows any value shortly", () => {
  const values = ["a", "x".repeat(100), 1n, () => 1, [], new Date(), {}, null, undefined, Symbol("s")]
  expect(values.map(show)).toEqual([
    '"a"',
    `"${"x".repeat(57)}..."`,
    "1n",
    "a function",
    "an array",
    "a Date",
    "an object",
    "null",
    "undefined",
    "Symbol(s)",
  ])
})

test("finds the names that were meant", () => {
  const known = ["total_purchases", "total_refunds", "average", "User"]
  expect(nearest("totl_purchases", known)).toEqual(["total_purchases"])
  expect(nearest("user", known)).toEqual(["User"])
  expect(nearest("something_else", known)).toEqual([])
  expect(didYouMean("total_pefunds", known)).toBe(' Did you mean "total_refunds"?')
  expect(nearest("pla", ["place", "plan"])).toEqual(["plan", "place"])
  expect(didYouMean("pla", ["place", "plan"])).toBe(' Did you mean "plan"?')
  expect(didYouMean("something_else", known)).toBe("")
})
