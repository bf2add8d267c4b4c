import fc from "fast-check"
import { expect, test } from "vitest"
import { add, type Decimal, decimalOf, divide, multiply } from "./decimal.js"

const sumOf = (values: readonly number[]) => values.map(decimalOf).reduce(add, 0)

test.each<readonly [readonly number[], Decimal]>([
  [[0.1, 0.2], 0.3],
  [[1e20, 1], "100000000000000000001"],
  [[1e20, 1, -1e20], 1],
  [[9007199254740991, 2], "9007199254740993"],
  [[1e-7, 1], 1.0000001],
  [[1.5e-300, 1], `1.${"0".repeat(299)}15`],
  [[-0.01, 0.01], 0],
  [[-0], 0],
  [[0.3, -0.1], 0.2],
])("the sum of %j is %s", (values, expected) => {
  expect(Object.is(sumOf(values), expected)).toBe(true)
})

// In units of ten to the minus eighth, so that many need more digits than a number has.
const decimals = fc.tuple(fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }), fc.constantFrom(0, 2, 3, 6, 8))
const textOf = ([digits, scale]: readonly [number, number]) => Number(`${digits}e-${scale}`)
const exact = (value: Decimal) => {
  const [whole = "", fraction = ""] = String(
    typeof value === "number" ? value.toLocaleString("en", FULL) : value,
  ).split(".")
  return BigInt(whole + fraction.padEnd(24, "0"))
}
const FULL = { useGrouping: false, maximumFractionDigits: 20, maximumSignificantDigits: 21 } as const
const shortest = (value: number) => exact(decimalOf(value))

test("sums are those of the digits that numbers are written with, in whatever order", () => {
  fc.assert(
    fc.property(fc.array(decimals, { minLength: 1, maxLength: 20 }), (all) => {
      const values = all.map(textOf)
      const sum = sumOf(values)
      expect(exact(sum)).toBe(values.reduce((total, value) => total + shortest(value), 0n))
      expect(sumOf([...values].reverse())).toBe(sum)
      expect(sumOf([...values].sort((a, b) => a - b))).toBe(sum)
    }),
  )
})

test("products and quotients are those of the digits", () => {
  expect(multiply(0.1, 0.1)).toBe(0.01)
  expect(multiply("9007199254740993", 10)).toBe("90071992547409930")
  expect(divide(1, 3)).toBe(1 / 3)
  expect(divide("9007199254740993", 3)).toBe(3002399751580331)
})
