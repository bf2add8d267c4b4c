import { FabraError } from "../errors.js"
import { show } from "../message.js"

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i
const EXACT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const MIN_TIME = -62_167_219_200_000 // 0000-01-01
const MAX_TIME = 253_402_300_799_999 // 9999-12-31T23:59:59.999Z
/** Epoch numbers below this (March 1973 as milliseconds, the year 5138 as seconds) are taken for seconds. */
const SECONDS_BELOW = 100_000_000_000

/**
 * Reads a time: a `Date`; an ISO 8601 string (without an offset: UTC; digits past the millisecond are cut); or a number
 * since the Unix epoch in milliseconds, or in seconds when its absolute value is below 1e11.
 * @throws FabraError `invalid_argument`, with `path`
 */
export function parseTime(value: unknown, path = "timestamp"): Date {
  const time = toMilliseconds(value)
  if (time >= MIN_TIME && time <= MAX_TIME) return new Date(time)
  throw new FabraError(
    "invalid_argument",
    `${path} ${show(value)} is not a time: give an ISO 8601 string such as "2026-01-31T12:00:00Z" ` +
      "or a number of milliseconds (or seconds) since 1970, within the years 0 to 9999.",
    { path },
  )
}

function toMilliseconds(value: unknown): number {
  if (value instanceof Date) return value.getTime()
  if (typeof value === "number") return Math.trunc(Math.abs(value) < SECONDS_BELOW ? toThousandths(value) : value)
  if (typeof value !== "string") return Number.NaN
  const exact = readExact(value)
  if (exact !== undefined) return exact
  const match = ISO.exec(value)
  if (!match) return Number.NaN
  const [, day, minutes = "00:00", seconds = ":00", offset = "Z"] = match
  const time = Date.parse(`${day}T${minutes}${seconds.slice(0, 7)}${spellOffset(offset)}`)
  if (Number.isNaN(time)) return time
  // Date.parse reads February 30 as March 2: refuse a day that does not come back as it went in.
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day as string) ? time : Number.NaN
}

/** Reads the one spelling that every bus carries, that of `toISOString`, without taking it apart. */
function readExact(text: string): number | undefined {
  if (!EXACT.test(text)) return undefined
  const time = Date.parse(text)
  const day = text.slice(8, 10)
  return day <= "28" || new Date(time).getUTCDate() === Number(day) ? time : undefined
}

/** By way of whole microseconds: 1.001 * 1000 is 1000.9999999999999, and must not lose its last millisecond. */
function toThousandths(seconds: number): number {
  return Math.round(seconds * 1_000_000) / 1000
}

function spellOffset(offset: string): string {
  return offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase()
}
