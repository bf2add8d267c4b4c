/** A decimal number as the shop writes it: at most three decimals, since some prices are tenths of a penny. */
export const DECIMAL = /^(-?)(\d+)(?:\.(\d{1,3}))?$/

/**
 * Reads a decimal number as a count of thousandths. Money is a bigint all the way: a float cannot hold most prices
 * (0.1 + 0.2 is not 0.3), and 400,000 small errors add up to a wrong total.
 */
export function parseMoney(text: string): bigint {
  const [, sign, whole, decimals = ""] = DECIMAL.exec(text) ?? []
  if (whole === undefined) throw new RangeError(`"${text}" is not a decimal number with at most three decimals.`)
  const thousandths = BigInt(whole + decimals.padEnd(3, "0"))
  return sign === "-" ? -thousandths : thousandths
}

/** Writes thousandths as an exact decimal number: two decimals, or three where the third is not zero. */
export function formatMoney(thousandths: bigint): string {
  const sign = thousandths < 0n ? "-" : ""
  const digits = String(thousandths < 0n ? -thousandths : thousandths).padStart(4, "0")
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3).replace(/0$/, "")}`
}
