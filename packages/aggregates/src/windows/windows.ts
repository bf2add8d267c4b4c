import { FabraError } from "@fabra/events"
import { show } from "@fabra/events/adapter"
import { type CalendarWindow, calendarWindow, type Period } from "./calendar.js"
import { type SessionWindow, sessionWindow } from "./session.js"
import { type SlidingWindow, slidingWindow } from "./sliding.js"
import { type LastWindow, lastWindow, lifetimeWindow } from "./unbounded.js"
import type { Window } from "./window.js"

/**
 * A window: `"1h"` or `{ sliding: "1h" }`, the last hour; `{ every: "day" }`, the current day; `{ gap: "30m" }`, the session;
 * `{ last: 100 }`, the newest events; `"lifetime"`, all.
 */
export type WindowOptions = string | SlidingWindow | CalendarWindow | SessionWindow | LastWindow

/** The name of a window in the names of its features. */
export type WindowKey<W> = W extends { readonly name: infer Name extends string }
  ? Name
  : W extends string
    ? W
    : W extends { readonly sliding: infer Span extends string }
      ? Span
      : W extends { readonly every: infer Every extends Period; readonly previous: 1 }
        ? `${PeriodKey<Every>}_previous`
        : W extends { readonly every: infer Every extends Period }
          ? PeriodKey<Every>
          : W extends { readonly gap: infer Gap extends string }
            ? `session_${Gap}`
            : W extends { readonly last: infer N extends number }
              ? `last_${N}`
              : never

type PeriodKey<Every extends Period> = Every extends "1h" ? "hour" : Every

/** @throws FabraError `invalid_argument` */
export function windowOf(options: WindowOptions, path: string): Window {
  if (options === "lifetime") return lifetimeWindow()
  if (typeof options === "string") return slidingWindow({ sliding: options }, path)
  if (typeof options === "object" && options !== null) {
    if ("sliding" in options) return slidingWindow(options, path)
    if ("every" in options) return calendarWindow(options, path)
    if ("gap" in options) return sessionWindow(options, path)
    if ("last" in options) return lastWindow(options, path)
  }
  throw new FabraError(
    "invalid_argument",
    `${path} is ${show(options)}: it must be text such as "1h" or "30d", "lifetime", or an object with one of sliding, every, gap and last.`,
    { path },
  )
}
