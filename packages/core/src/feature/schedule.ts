import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import { Cron } from "croner"
import { type Duration, parseDuration } from "./duration.js"

/** When something is due: every so often, or by a cron expression in a time zone. */
export type Refresh = Duration | { readonly cron: string; readonly timeZone?: string }

/**
 * Turns of time that every process finds alike, with no word between them. A span has its turns at its multiples since
 * 1970, so those of `1h` are full hours of UTC.
 */
export interface Schedule {
  /** For people: `5m`, `0 3 * * * Europe/Berlin`. */
  readonly text: string
  /** The last turn at or before `now`, epoch milliseconds; `null` when there was none. */
  lastAt(now: number): number | null
  /** The first turn after `now`; `null` when there is none. */
  nextAfter(now: number): number | null
}

/**
 * Reads a schedule. With fixed times (seconds, minutes and hours without `*` or step) a turn in the hour that is left out
 * where clocks are put forward is due when that hour would have begun, and one in the hour that comes twice where they are
 * put back is due the first time. With a `*` or a step, the hour left out has no turn and the hour that comes twice has its
 * turns twice.
 * @throws FabraError `invalid_argument`, with `path`
 */
export function parseSchedule(refresh: Refresh, path: string): Schedule {
  return typeof refresh === "object" && refresh !== null ? cronSchedule(refresh, path) : spanSchedule(refresh, path)
}

function spanSchedule(refresh: Duration, path: string): Schedule {
  const ms = parseDuration(refresh, path)
  const lastAt = (now: number) => Math.floor(now / ms) * ms
  return { text: typeof refresh === "number" ? `${ms}ms` : refresh, lastAt, nextAfter: (now) => lastAt(now) + ms }
}

function cronSchedule({ cron, timeZone = "UTC" }: Exclude<Refresh, Duration>, path: string): Schedule {
  const refuse = (why: string, cause?: unknown) =>
    new FabraError(
      "invalid_argument",
      `${path} ${show(cron)} in time zone ${show(timeZone)} is no schedule: ${why} ` +
        'Give five fields (minute, hour, day, month, weekday) such as "0 3 * * *", and a zone such as "Europe/Berlin".',
      { path, cause },
    )
  let turns: Cron
  try {
    // For the library an empty zone is none: it would take the machine's.
    if (timeZone === "") throw refuse("the time zone is empty.")
    // As cron has it, lists and ranges of hours are fixed times too.
    turns = new Cron(cron, { timezone: timeZone, paused: true, fixedTimeRule: "no-wildcard" })
    if (turns.nextRun() === null && turns.previousRuns(1).length === 0) throw refuse("it never comes.")
  } catch (error) {
    if (error instanceof FabraError) throw error
    throw refuse((error as Error).message, error)
  }
  return {
    text: `${cron} ${timeZone}`,
    // The library looks before a time, so a turn of this very millisecond needs one more.
    lastAt: (now) => turns.previousRuns(1, new Date(now + 1))[0]?.getTime() ?? null,
    nextAfter: (now) => turns.nextRun(new Date(now))?.getTime() ?? null,
  }
}
