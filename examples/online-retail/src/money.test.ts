import { expect, test } from "vitest"
import { formatMoney, parseMoney } from "./money.js"

test.each([
  ["2.55", 2550n],
  ["27.5", 27500n],
  ["4", 4000n],
  ["0.001", 1n],
  ["0", 0n],
  ["-11062.06", -11062060n],
  ["8142.75", 8142750n],
])("reads %s", (text, thousandths) => {
  expect(parseMoney(text)).toBe(thousandths)
})

test.each(["", "2,55", "1.2345", "1e3", ".5", "5.", " 1", "--1", "NaN"])("refuses %j", (text) => {
  expect(() => parseMoney(text)).toThrow(`"${text}" is not a decimal number`)
})

test.each([
  [5391210n, "5391.21"],
  [8300065814n, "8300065.814"],
  [1n, "0.001"],
  [100n, "0.10"],
  [0n, "0.00"],
  [-1500n, "-1.50"],
  [-5n, "-0.005"],
])("writes %d", (thousandths, text) => {
  expect(formatMoney(thousandths)).toBe(text)
  expect(parseMoney(text)).toBe(thousandths)
})

test("adds up where floats do not", () => {
  expect(0.1 + 0.2).not.toBe(0.3)
  expect(formatMoney(parseMoney("0.1") + parseMoney("0.2"))).toBe("0.30")
})
