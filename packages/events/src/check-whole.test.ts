import { expect, test } from "vitest"
import { checkWhole } from "./check-whole.js"

test.each([1, 50, 100])("allows %s from 1 to 100", (value) => {
  checkWhole("maxRetries", value, [1, 100])
})

test.each([0, 101, 1.5, Number.NaN, Infinity, "5", null, undefined])("refuses %s from 1 to 100", (value) => {
  expect(() => checkWhole("maxRetries", value, [1, 100])).toThrow(
    expect.objectContaining({
      code: "invalid_argument",
      path: "maxRetries",
      message: `maxRetries is ${typeof value === "string" ? '"5"' : value}: it must be a whole number from 1 to 100.`,
    }),
  )
})

test("without a greatest one, allows what a number holds exactly, and refuses with the code it is given", () => {
  checkWhole("port", Number.MAX_SAFE_INTEGER, [0])
  expect(() => checkWhole("port", 2 ** 53, [0], "invalid_setting")).toThrow(
    expect.objectContaining({
      code: "invalid_setting",
      message: "port is 9007199254740992: it must be a whole number from 0 on.",
    }),
  )
})
