import { FabraError } from "@fabra/events"
import { isPlainObject, joinPath, MAX_DEPTH, show } from "@fabra/events/adapter"

// Dates and bigints travel as objects with one telling key. A user's object that happens to look like one is wrapped.
const DATE = "$date"
const BIGINT = "$bigint"
const LITERAL = "$literal"

/**
 * Spells a feature value as text: JSON, plus `Date` and `bigint` without loss. (`-0` comes back as `0`.)
 * @param path names the value in errors
 * @throws FabraError `invalid_value` with the path of what cannot be kept: `undefined`, functions, symbols, NaN and
 *   infinities, class instances, cycles, nesting deeper than 64 levels
 */
export function encodeValue(value: unknown, path: string): string {
  switch (typeof value) {
    case "number":
      if (Number.isFinite(value)) return value === 0 ? "0" : String(value)
      break
    case "string":
      return JSON.stringify(value)
    case "boolean":
      return value ? "true" : "false"
  }
  return JSON.stringify(toJson(value, path, 0))
}

/** Reads back what {@link encodeValue} wrote; each call gives a value of its own, free to be changed. */
export function decodeValue(text: string): unknown {
  const value: unknown = JSON.parse(text)
  // Without one of the telling keys there is nothing to undo.
  return text.includes('{"$') ? fromJson(value) : value
}

function toJson(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      if (Number.isFinite(value)) return value
      throw refuse(value, path, "NaN and infinity cannot be kept")
    case "bigint":
      return { [BIGINT]: String(value) }
    case "object":
      return value === null ? null : objectToJson(value, path, depth)
    default:
      throw refuse(value, path, "only JSON values, Date and bigint can be kept")
  }
}

function objectToJson(value: object, path: string, depth: number): unknown {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refuse(value, path, "the Date is invalid")
    return { [DATE]: value.toISOString() }
  }
  if (depth >= MAX_DEPTH) throw refuse(value, path, `it is nested deeper than ${MAX_DEPTH} levels, or refers to itself`)
  if (Array.isArray(value)) return Array.from(value, (item, i) => toJson(item, joinPath(path, i), depth + 1))
  if (!isPlainObject(value)) throw refuse(value, path, "only plain objects, arrays, Date and bigint can be kept")
  // fromEntries defines properties, so a key named __proto__ is plain data here.
  const plain = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, toJson(item, joinPath(path, key), depth + 1)]),
  )
  return looksTagged(plain) ? { [LITERAL]: plain } : plain
}

function looksTagged(value: Record<string, unknown>): boolean {
  const keys = Object.keys(value)
  return keys.length === 1 && (keys[0] === DATE || keys[0] === BIGINT || keys[0] === LITERAL)
}

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson)
  if (!isPlainObject(value)) return value
  if (!looksTagged(value)) return mapValues(value)
  if (DATE in value) return new Date(value[DATE] as string)
  if (BIGINT in value) return BigInt(value[BIGINT] as string)
  return mapValues(value[LITERAL] as Record<string, unknown>)
}

function mapValues(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]))
}

function refuse(value: unknown, path: string, why: string): FabraError {
  return new FabraError("invalid_value", `${path} is ${show(value)}: ${why}.`, { path })
}
