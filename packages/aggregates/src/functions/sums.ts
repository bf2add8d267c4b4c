import { type AggregateFunction, anything, notNumber, type Part } from "./aggregate-function.js"
import { add, type Decimal, decimalOf, divide, multiply } from "./decimal.js"

const counted: Part<number, unknown> = { id: "n", of: () => 1, merge: (a, b) => a + b }
const summed: Part<Decimal, number> = { id: "s", of: decimalOf, merge: add }
const squared: Part<Decimal, number> = {
  id: "s2",
  of: (value) => multiply(decimalOf(value), decimalOf(value)),
  merge: add,
}
const summedBigint: Part<string, bigint> = { id: "big", of: String, merge: (a, b) => String(BigInt(a) + BigInt(b)) }
const least: Part<number, number> = { id: "lo", of: (value) => value, merge: (a, b) => Math.min(a, b) }
const greatest: Part<number, number> = { id: "hi", of: (value) => value, merge: (a, b) => Math.max(a, b) }

/** How many events. 0 for an empty window. */
export function count(): AggregateFunction<number, number, unknown> {
  return { about: "count", parts: [counted], refuse: anything, finish: (n: number) => n, default: 0 }
}

/**
 * The sum, exact: what the numbers are written as is added, digit by digit, so the order does not matter and 0.1 + 0.2 is 0.3. 0 for
 * an empty window.
 */
export function sum(): AggregateFunction<number, number, number> {
  return { about: "sum", parts: [summed], refuse: notNumber, finish: (state: Decimal) => Number(state), default: 0 }
}

/** The sum of `bigint` values, as a `bigint`: for amounts in cents that may exceed 2^53. `0n` for an empty window. */
export function sumBigint(): AggregateFunction<bigint, bigint, bigint> {
  const refuse = (value: unknown) => (typeof value === "bigint" ? undefined : "it must be a bigint")
  return { about: "sum", parts: [summedBigint], refuse, finish: (state: string) => BigInt(state), default: 0n }
}

/** The arithmetic mean. `undefined` for an empty window. */
export function mean(): AggregateFunction<number, number | undefined, number> {
  const finish = (total: Decimal, n: number) => divide(total, n)
  return { about: "mean", parts: [summed, counted], refuse: notNumber, finish, default: undefined }
}

/** The smallest value. `undefined` for an empty window. */
export function min(): AggregateFunction<number, number | undefined, number> {
  return { about: "min", parts: [least], refuse: notNumber, finish: (state: number) => state, default: undefined }
}

/** The largest value. `undefined` for an empty window. */
export function max(): AggregateFunction<number, number | undefined, number> {
  return { about: "max", parts: [greatest], refuse: notNumber, finish: (state: number) => state, default: undefined }
}

/** The variance of a sample (divided by n − 1), computed from exact sums. `undefined` below two values. */
export function variance(): AggregateFunction<number, number | undefined, number> {
  const parts = [squared, summed, counted]
  return { about: "variance", parts, refuse: notNumber, finish: sampleVariance, default: undefined }
}

/** The standard deviation of a sample: the square root of {@link variance}. `undefined` below two values. */
export function stddev(): AggregateFunction<number, number | undefined, number> {
  const finish = (squares: Decimal, total: Decimal, n: number) => {
    const squareOf = sampleVariance(squares, total, n)
    return squareOf === undefined ? undefined : Math.sqrt(squareOf)
  }
  return { ...variance(), about: "stddev", finish }
}

/** (n·Σx² − (Σx)²) ÷ n(n − 1). Exact sums: nothing cancels out. */
function sampleVariance(squares: Decimal, total: Decimal, n: number): number | undefined {
  if (n < 2) return undefined
  const spread = add(multiply(n, squares), multiply(-1, multiply(total, total)))
  return divide(spread, multiply(n, n - 1))
}
