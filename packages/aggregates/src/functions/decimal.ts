/**
 * Exact decimal numbers, as JSON: a safe integer as a number, anything else as text such as `191.34`. Sums of them do not depend on
 * the order in which they are added, and 0.1 + 0.2 is 0.3.
 */
export type Decimal = number | string

/** `digits` × 10^−`scale`. */
interface Scaled {
  readonly digits: bigint
  readonly scale: number
}

/** The decimal that a number is written as. */
export function decimalOf(value: number): Decimal {
  return Number.isSafeInteger(value) ? value : spell(parse(String(value)))
}

export function add(a: Decimal, b: Decimal): Decimal {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  const [x, y] = [parse(String(a)), parse(String(b))]
  const scale = Math.max(x.scale, y.scale)
  return spell({ digits: digitsAt(x, scale) + digitsAt(y, scale), scale })
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  const [x, y] = [parse(String(a)), parse(String(b))]
  return spell({ digits: x.digits * y.digits, scale: x.scale + y.scale })
}

/** `a` ÷ `b`, to 20 digits behind the leading one, as a number. `b` is not 0. */
export function divide(a: Decimal, b: Decimal): number {
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

function spell({ digits, scale }: Scaled): Decimal {
  const isNegative = digits < 0n
  const all = String(isNegative ? -digits : digits).padStart(scale + 1, "0")
  const fraction = all.slice(all.length - scale, all.length).replace(/0+$/, "")
  const whole = all.slice(0, all.length - scale)
  const text = `${isNegative ? "-" : ""}${whole}${scale > 0 && fraction !== "" ? `.${fraction}` : ""}`
  const number = Number(text)
  return Number.isSafeInteger(number) ? number + 0 : text
}
