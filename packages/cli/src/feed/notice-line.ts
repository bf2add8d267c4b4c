import { printable } from "@fabra/events/adapter"
import { brief, duration, time } from "../terminal/output.js"
import type { AppliedNotice } from "./feed.js"

/** `12:00:01.123  purchase  User user_123  total_purchases = 3  2 ms` */
export function noticeLine({ event_type, entity, entity_id, features, duration_ms }: AppliedNotice): string {
  const values = Object.entries(features).map(([name, value]) => `${name} = ${brief(value, 40)}`)
  const changed = values.length === 0 ? ["(nothing changed)"] : values
  return printable([time(), event_type, `${entity} ${entity_id}`, ...changed, duration(duration_ms)].join("  "))
}
