import { FabraError } from "../errors.js"
import { show } from "../message.js"

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
  const fault = findFault(value, depth)
  if (fault === undefined) return
  const place = fault.keys.reduceRight<string>(joinPath, path)
  throw new FabraError("invalid_event", `${place} is ${show(fault.value)}: ${fault.why}.`, { path: place })
}

interface Fault {
  readonly value: unknown
  readonly why: string
  /** What leads to the value, innermost first: added on the way back, so that what is well costs no path. */
  readonly keys: (string | number)[]
}

function findFault(value: unknown, depth: number): Fault | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined
    case "number":
      return Number.isFinite(value) ? undefined : { value, why: "JSON has no NaN or infinity", keys: [] }
    case "object":
      break
    default:
      return { value, why: `JSON has no ${typeof value}`, keys: [] }
  }
  if (value === null) return undefined
  if (depth >= MAX_DEPTH) {
    return { value, why: `it is nested deeper than ${MAX_DEPTH} levels, or refers to itself`, keys: [] }
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = findFault(value[i], depth + 1)
      if (fault !== undefined) return within(i, fault)
    }
    return undefined
  }
  if (!isPlainObject(value)) {
    const hint = value instanceof Date ? "; send dates as ISO strings (date.toISOString())" : ""
    return { value, why: `only plain objects and arrays are carried${hint}`, keys: [] }
  }
  for (const key of Object.keys(value)) {
    const fault = findFault(value[key], depth + 1)
    if (fault !== undefined) return within(key, fault)
  }
  return undefined
}

function within(key: string | number, fault: Fault): Fault {
  fault.keys.push(key)
  return fault
}
