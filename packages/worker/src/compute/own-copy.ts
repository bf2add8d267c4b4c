import { isPlainObject, MAX_DEPTH } from "@fabra/events/adapter"
import type { CheckedEvent } from "../lane/lane.js"

/**
 * A copy of the event for one try of one handler, so that no other try sees what this one changes. Plain objects, arrays
 * and dates are copied; other objects, which only a schema can put there, are shared. So is a payload that is nested deeper
 * than a published one can be, since it may contain itself.
 */
export function ownCopy(event: CheckedEvent): CheckedEvent {
  try {
    return copy(event, -1) as CheckedEvent
  } catch {
    return event
  }
}

/** @throws RangeError for a value that is nested too deep, or whatever a getter in it throws */
function copy(value: object, depth: number): object {
  if (depth > MAX_DEPTH) throw new RangeError("The value is nested too deep.")
  if (Array.isArray(value)) {
    const list: unknown[] = value.slice()
    for (let i = 0; i < list.length; i++) list[i] = copyInner(list[i], depth)
    return list
  }
  if (!isPlainObject(value)) return value instanceof Date ? new Date(value) : value
  const fields: Record<string, unknown> = { ...value }
  for (const key in fields) {
    const inner = fields[key]
    if (typeof inner === "object") fields[key] = copyInner(inner, depth)
  }
  return fields
}

function copyInner(inner: unknown, depth: number): unknown {
  return typeof inner === "object" && inner !== null ? copy(inner, depth + 1) : inner
}
