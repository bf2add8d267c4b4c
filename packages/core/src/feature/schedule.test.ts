import { expect, test } from "vitest"
import { parseDuration } from "./duration.js"
import { parseSchedule, type Refresh } from "./schedule.js"

const at = (text: string) => Date.parse(text)
const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())

/** Its next turns after a time, each of which must also be found by looking back from it and from just before the next. */
function turns(refresh: Refresh, after: string, count: number): (string | null)[] {
  const schedule = parseSchedule(refresh, "refresh")
  const found: (string | null)[] = []
  for (let now = at(after); found.length < count; ) {
    const next = schedule.nextAfter(now) as number
    const following = schedule.nextAfter(next) as number
    expect([next, following - 1].map((time) => iso(schedule.lastAt(time)))).toEqual([iso(next), iso(next)])
    found.push(iso(next))
    now = next
  }
  return found
}

test("durations", () => {
  expect(["250ms", "30s", "5m", "1h", "7d", 1500].map((text) => parseDuration(text, "x"))).toEqual([
    250, 30_000, 300_000, 3_600_000, 604_800_000, 1500,
  ])
  for (const wrong of ["", "5", "m", "-5m", "5m ", "1.5h", "36501d", 0, -1, Number.NaN, null, {}]) {
    expect(() => parseDuration(wrong as never, "ttl"), String(wrong)).toThrow(/^ttl is .* it must be/)
  }
})

test("a span has its turns at its multiples", () => {
  expect(turns("15m", "2026-01-01T10:07:00Z", 2)).toEqual(["2026-01-01T10:15:00.000Z", "2026-01-01T10:30:00.000Z"])
})

test("cron, by default in UTC", () => {
  expect(turns({ cron: "0 3 * * *" }, "2026-01-01T03:00:00Z", 1)).toEqual(["2026-01-02T03:00:00.000Z"])
  expect(turns({ cron: "0 9 * * 1", timeZone: "Asia/Tokyo" }, "2026-01-01T00:00:00Z", 1)).toEqual([
    "2026-01-05T00:00:00.000Z",
  ])
})

test("clocks put forward: an hour that is left out comes at its end", () => {
  const refresh = { cron: "30 2 * * *", timeZone: "Europe/Berlin" }
  expect(turns(refresh, "2026-03-28T00:00:00Z", 3)).toEqual([
    "2026-03-28T01:30:00.000Z",
    "2026-03-29T01:00:00.000Z", // 2:00 is 3:00
    "2026-03-30T00:30:00.000Z",
  ])
})

test("clocks put back: a daily turn comes once, hourly ones go on", () => {
  const daily = { cron: "30 2 * * *", timeZone: "Europe/Berlin" }
  expect(turns(daily, "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"])
  const hourly = { cron: "0 * * * *", timeZone: "Europe/Berlin" }
  expect(turns(hourly, "2026-10-24T23:30:00Z", 3)).toEqual([
    "2026-10-25T00:00:00.000Z",
    "2026-10-25T01:00:00.000Z",
    "2026-10-25T02:00:00.000Z",
  ])
})

test("lists of hours and minutes are fixed times too; a step has no turn in an hour left out", () => {
  const next = (cron: string, after: string, count: number) => turns({ cron, timeZone: "Europe/Berlin" }, after, count)
  expect(next("0 2,14 * * *", "2026-03-28T20:00:00Z", 2)).toEqual([
    "2026-03-29T01:00:00.000Z",
    "2026-03-29T12:00:00.000Z",
  ])
  // Both would have come within the hour.
  expect(next("0,30 2 * * *", "2026-03-28T20:00:00Z", 2)).toEqual([
    "2026-03-29T01:00:00.000Z",
    "2026-03-30T00:00:00.000Z",
  ])
  expect(next("0 2,14 * * *", "2026-10-24T20:00:00Z", 2)).toEqual([
    "2026-10-25T00:00:00.000Z",
    "2026-10-25T13:00:00.000Z",
  ])
  expect(next("*/30 2 * * *", "2026-03-28T20:00:00Z", 1)).toEqual(["2026-03-30T00:00:00.000Z"])
})

test("an empty time zone is refused: it would be the machine's", () => {
  expect(() => parseSchedule({ cron: "0 2 * * *", timeZone: "" }, "refresh")).toThrow(
    'refresh "0 2 * * *" in time zone "" is no schedule: the time zone is empty.',
  )
})

test("leap days", () => {
  expect(turns({ cron: "0 0 29 2 *" }, "2026-01-01T00:00:00Z", 2)).toEqual([
    "2028-02-29T00:00:00.000Z",
    "2032-02-29T00:00:00.000Z",
  ])
  expect(turns({ cron: "0 0 L * *" }, "2028-02-01T00:00:00Z", 1)).toEqual(["2028-02-29T00:00:00.000Z"])
})
