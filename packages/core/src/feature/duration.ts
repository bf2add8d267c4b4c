import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"

/** A span of time: milliseconds, or text such as `250ms`, `30s`, `5m`, `1h`, `7d`. */
export type Duration = number | string

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MAX_MS = 100 * 365 * UNITS.d

/**
 * Milliseconds of a span of time above 0 and up to 100 years.
 * @throws FabraError `invalid_argument`, with `path`
 */
export function parseDuration(duration: Duration, path: string): number {
  const [, digits, unit] = /^(\d{1,15})(ms|s|m|h|d)$/.exec(String(duration)) ?? []
  const ms = typeof duration === "number" ? duration : Number(digits) * UNITS[unit as keyof typeof UNITS]
  if (ms > 0 && ms <= MAX_MS) return ms
  throw new FabraError(
    "invalid_argument",
    `${path} is ${show(duration)}: it must be a number of milliseconds or text such as "30s", "5m", "1h" or "7d", ` +
      "above 0 and up to 100 years.",
    { path },
  )
}
