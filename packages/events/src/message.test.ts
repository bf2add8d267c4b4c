import { expect, test } from "vitest"
import { didYouMean, nearest, printable, show } from "./message.js"

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

test("says what an object is an instance of, and never throws over one that does not let itself be asked", () => {
  class Money {}
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const hiding = Object.create({
    get constructor() {
      throw new Error("not yours")
    },
  })
  const values = [
    new Map(),
    new Set(),
    Buffer.from("a"),
    new Money(),
    Money,
    /a/,
    revoked.proxy,
    hiding,
    Object.create(null),
  ]
  expect(values.map(show)).toEqual([
    ...["an instance of Map", "an instance of Set", "an instance of Buffer", "an instance of Money", "a class"],
    ...["an instance of RegExp", "an object", "an object", "an object"],
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

test("what a terminal would obey is shown as an escape, and nothing else is changed", () => {
  const clean = "Zoë 12 % 漢字 👩‍👧 \\u001b"
  expect(printable(clean)).toBe(clean)
  const told = "\\u001b[2Jgone\\u009b31m\\u0007\\u007f\\u000a\\u000d\\u0009\\u202egnp.exe\\u2066"
  expect(printable(JSON.parse(`"${told}"`))).toBe(told)
})
