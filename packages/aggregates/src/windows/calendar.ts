import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import { Temporal } from "temporal-polyfill"
import { joined, Ring } from "./ring.js"
import { unknownFor } from "./sliding.js"
import type { Window } from "./window.js"

const DAY_MS = 86_400_000
/** The period at hand, the one before, and one for events that come late or early. */
const KEPT_PERIODS = 3
/** The longest period of each kind, in milliseconds: a day may have 25 hours. */
const LONGEST = {
  "1h": DAY_MS / 24,
  day: (25 / 24) * DAY_MS,
  week: (7 + 1 / 24) * DAY_MS,
  month: (31 + 1 / 24) * DAY_MS,
}

/** A period of the calendar. Weeks begin on Monday (ISO 8601). */
export type Period = keyof typeof LONGEST

/** The events of the current hour, day, week or month. */
export interface CalendarWindow<Every extends Period = Period> {
  readonly every: Every
  /** 1: the period before the current one. */
  readonly previous?: 1 | undefined
  /**
   * An IANA name, `Europe/Berlin`, or a function of an event that returns one: the zone of the entity's latest event counts.
   * Default `UTC`.
   */
  readonly timeZone?: string | ((event: any) => string) | undefined
  readonly name?: string | undefined
}

interface CalendarPeriod {
  /** Periods of a kind are numbered; a later one has the next number. */
  readonly ordinal: number
  /** Epoch milliseconds. */
  readonly start: number
  /** When the next one begins. */
  readonly end: number
}

/** @throws FabraError `invalid_argument` */
export function calendarWindow({ every, previous, timeZone = "UTC", name }: CalendarWindow, path: string): Window {
  if (!Object.hasOwn(LONGEST, every)) throw fault(`${path}.every`, every, 'it must be "1h", "day", "week" or "month"')
  if (previous !== undefined && previous !== 1) throw fault(`${path}.previous`, previous, "it must be 1")
  if (typeof timeZone === "string") checkZone(timeZone, `${path}.timeZone`)
  const zoneOf = typeof timeZone === "string" ? undefined : timeZone
  const key = zoneOf === undefined ? `${every}@${timeZone}` : `${every}@entity`
  const zoneField = `${key}/zone`
  const ring = new Ring(key, KEPT_PERIODS, { hopMs: Number.MAX_SAFE_INTEGER, startOf: () => 0 })
  const periods = new Periods(every)
  return {
    key: name ?? (previous === undefined ? keyOf(every) : `${keyOf(every)}_previous`),
    about: `${previous === undefined ? "the current" : "the previous"} ${keyOf(every)}`,
    layout: {
      key,
      fields: zoneOf === undefined ? ring.fields : [...ring.fields, zoneField],
      keepMs: (KEPT_PERIODS - 1) * LONGEST[every],
      add(state, sample, parts) {
        let zone = timeZone as string
        if (zoneOf !== undefined) {
          zone = checkZone(zoneOf(sample.event), "timeZone")
          if (state.get(zoneField) !== JSON.stringify(zone)) state.set(zoneField, JSON.stringify(zone))
        }
        return ring.add(state, periods.at(sample.time, zone).ordinal, sample, parts)
      },
    },
    cover(state, at, parts) {
      const zone = zoneOf === undefined ? (timeZone as string) : JSON.parse(state.get(zoneField) ?? '"UTC"')
      const current = periods.at(at, zone)
      const { ordinal, start, end } = previous === undefined ? current : periods.at(current.start - 1, zone)
      const tile = ring.tile(state, ordinal, parts)
      if (tile === undefined) return joined([])
      return tile === "overwritten" ? joined([unknownFor(end - start)]) : tile.cover(Number.NEGATIVE_INFINITY, at)
    },
  }
}

function keyOf(every: Period): string {
  return every === "1h" ? "hour" : every
}

/** @throws FabraError `invalid_argument` */
function checkZone(zone: unknown, path: string): string {
  try {
    if (typeof zone === "string" && zone !== "") {
      if (!knownZones.has(zone)) Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
      return knownZones.add(zone) && zone
    }
  } catch {}
  throw fault(path, zone, 'it must be the IANA name of a time zone, such as "Europe/Berlin"')
}

/** There are some six hundred. */
const knownZones = new Set<string>()

/** Finds periods; remembers the last one of each zone, since most events are of the current one. */
class Periods {
  readonly #every: Period
  readonly #last = new Map<string, CalendarPeriod>()

  constructor(every: Period) {
    this.#every = every
  }

  at(time: number, zone: string): CalendarPeriod {
    const last = this.#last.get(zone)
    if (last !== undefined && time >= last.start && time < last.end) return last
    const found = periodAt(this.#every, time, zone)
    this.#last.set(zone, found)
    return found
  }
}

function periodAt(every: Period, time: number, zone: string): CalendarPeriod {
  const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
  if (every === "1h") {
    const start = local.round({ smallestUnit: "hour", roundingMode: "floor" }).epochMilliseconds
    return { ordinal: Math.floor(start / LONGEST["1h"]), start, end: start + LONGEST["1h"] }
  }
  const day = local.startOfDay()
  const first = { day, week: day.subtract({ days: day.dayOfWeek - 1 }), month: day.with({ day: 1 }) }[
    every
  ].startOfDay()
  const next = first.add({ [`${every}s`]: 1 }).startOfDay()
  const date = Date.UTC(first.year, first.month - 1, first.day) / DAY_MS
  const ordinal = { day: date, week: Math.floor((date + 3) / 7), month: first.year * 12 + first.month }[every]
  return { ordinal, start: first.epochMilliseconds, end: next.epochMilliseconds }
}

function fault(path: string, value: unknown, allowed: string): FabraError {
  return new FabraError("invalid_argument", `${path} is ${show(value)}: ${allowed}.`, { path })
}
