import { FabraError } from "./errors.js"
import { show } from "./names.js"

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** Deepest nesting of a payload or value. */
export const MAX_DEPTH = 64

/** `path` extended by a key, in the spelling of error messages: `payload.items[2]["odd key"]`. */
export function joinPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`
  return /^[A-Za-z_$][\w$]*$/.test(key) ? (path === "" ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`
}

/** True for objects made by `{}`, `Object.create(null)` or `JSON.parse`. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/**
 * Checks that JSON carries `value` without loss, so that what a handler gets is what was published. (`-0` becomes `0`.)
 * @throws FabraError `invalid_event` with the path of the first thing JSON would drop or change: `undefined`, functions,
 *   symbols, bigint, NaN and infinities, class instances (a Date among them), holes, cycles, nesting beyond {@link MAX_DEPTH}
 */
export function checkJson(value: unknown, path: string, depth = 0): asserts value is JsonValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return
    case "number":
      if (Number.isFinite(value)) return
      throw refuse(value, path, "JSON has no NaN or infinity")
    case "object":
      break
    default:
      throw refuse(value, path, `JSON has no ${typeof value}`)
  }
  if (value === null) return
  if (depth >= MAX_DEPTH) throw refuse(value, path, `it is nested deeper than ${MAX_DEPTH} levels, or refers to itself`)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkJson(value[i], joinPath(path, i), depth + 1)
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value)) checkJson(value[key], joinPath(path, key), depth + 1)
  } else {
    const hint = value instanceof Date ? "; send dates as ISO strings (date.toISOString())" : ""
    throw refuse(value, path, `only plain objects and arrays are carried${hint}`)
  }
}

function refuse(value: unknown, path: string, why: string): FabraError {
  return new FabraError("invalid_event", `${path} is ${show(value)}: ${why}.`, { path })
}
