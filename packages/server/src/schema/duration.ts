/** How durations are written in requests: `250ms`, `2s`, `5m`, `1h`, `7d`. */
export const DURATION_PATTERN = "^[0-9]{1,9}(ms|s|m|h|d)$"

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a text that matches {@link DURATION_PATTERN}. */
export function durationMs(text: string): number {
  const unit = text.replace(/^\d+/, "") as keyof typeof UNITS
  return Number.parseInt(text, 10) * UNITS[unit]
}
