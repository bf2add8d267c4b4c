/**
 * Exact decimal numbers, as JSON: a number where it is written with the same digits, else text such as `9007199254740993`. Sums of them do not depend on
 * the order in which they are added, and 0.1 + 0.2 is 0.3.
 */
export type Decimal = number | string

/** Decimal places for which there is a way without `bigint`. */
const POWERS = [1, 100, 10_000, 1_000_000]

/** Up to 15 digits a number is written as the decimal that it was read from. */
function isExact(digits: number): boolean {
  return Math.abs(digits) <= 1e15
}

/** `digits` × 10^−`scale`. */
interface Scaled {
  readonly digits: bigint
  readonly scale: number
}

/** The decimal that a number is written as. */
export function decimalOf(value: number): Decimal {
  return value + 0
}

export function add(a: Decimal, b: Decimal): Decimal {
  if (typeof a === "number" && typeof b === "number") {
    for (const power of POWERS) {
      const left: number = Math.round(a * power)
      const right: number = Math.round(b * power)
      if (left / power === a && right / power === b && isExact(left) && isExact(right) && isExact(left + right))
        return (left + right) / power
    }
  }
  const [x, y] = [parse(String(a)), parse(String(b))]
  const scale = Math.max(x.scale, y.scale)
  return format({ digits: digitsAt(x, scale) + digitsAt(y, scale), scale })
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  if (typeof a === "number" && typeof b === "number") {
    for (const power of POWERS) {
      const left: number = Math.round(a * power)
      const right: number = Math.round(b * power)
      if (left / power === a && right / power === b && isExact(left) && isExact(right) && isExact(left * right))
        return (left * right) / power ** 2 + 0
    }
  }
  const [x, y] = [parse(String(a)), parse(String(b))]
  return format({ digits: x.digits * y.digits, scale: x.scale + y.scale })
}

/** `a` ÷ `b` as a number. `b` is not 0. */
export function divide(a: Decimal, b: Decimal): number {
  if (typeof a === "number" && typeof b === "number") return a / b
  const [x, y] = [parse(String(a)), parse(String(b))]
  const shift = Math.max(0, 21 + String(y.digits).length - String(x.digits).length)
  const quotient = (x.digits * 10n ** BigInt(shift)) / y.digits
  return Number(`${quotient}e${y.scale - x.scale - shift}`)
}

function parse(text: string): Scaled {
  const [, mantissa = "", exponent = "0"] = /^(-?[\d.]+)(?:e([+-]?\d+))?$/.exec(text) ?? []
  const point = mantissa.indexOf(".")
  const digits = BigInt(point === -1 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1))
  const scale = (point === -1 ? 0 : mantissa.length - point - 1) - Number(exponent)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

function digitsAt({ digits, scale }: Scaled, wanted: number): bigint {
  return scale === wanted ? digits : digits * 10n ** BigInt(wanted - scale)
}

function format({ digits, scale }: Scaled): Decimal {
  const isNegative = digits < 0n
  const all = String(isNegative ? -digits : digits).padStart(scale + 1, "0")
  const fraction = all.slice(all.length - scale, all.length).replace(/0+$/, "")
  const whole = all.slice(0, all.length - scale)
  const text = `${isNegative ? "-" : ""}${whole}${scale > 0 && fraction !== "" ? `.${fraction}` : ""}`
  const number = Number(text)
  return String(number) === text ? number : text
}
