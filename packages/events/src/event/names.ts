import { FabraError } from "../errors.js"

const NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/
const NAME_RULE = "a letter or underscore, then letters, digits and _ . : - (at most 128 characters)"
const CONTROL = /\p{Cc}/u
/** What nearly all ids look like; it needs no closer look. */
const PLAIN = /^[ -~]+$/

/** Longest entity id in UTF-8 bytes. */
export const MAX_ENTITY_ID_BYTES = 1024
/** Longest event id in UTF-8 bytes. */
export const MAX_EVENT_ID_BYTES = 256

/**
 * Checks the name of an event, entity, feature, index, group or namespace.
 * @throws FabraError `invalid_name`
 */
export function checkName(kind: string, name: unknown, path = kind): asserts name is string {
  if (typeof name === "string" && NAME.test(name)) return
  throw new FabraError("invalid_name", `${kind} name ${show(name)} is not valid: it must be ${NAME_RULE}.`, { path })
}

/**
 * Checks an entity id: any non-empty text of at most 1024 bytes in UTF-8 (slashes, spaces and emoji included).
 * @throws FabraError `invalid_argument`, with `path`
 */
export function checkEntityId(id: unknown, path = "entity_id"): asserts id is string {
  if (!isPlain(id, MAX_ENTITY_ID_BYTES)) checkId("entity id", id, MAX_ENTITY_ID_BYTES, path)
}

function isPlain(id: unknown, maxBytes: number): id is string {
  return typeof id === "string" && id.length <= maxBytes && PLAIN.test(id)
}

/**
 * Checks an event id: non-empty text of at most 256 bytes in UTF-8 without control characters.
 * @throws FabraError `invalid_argument`, with `path`
 */
export function checkEventId(id: unknown, path = "event_id"): asserts id is string {
  if (isPlain(id, MAX_EVENT_ID_BYTES)) return
  checkId("event id", id, MAX_EVENT_ID_BYTES, path)
  if (CONTROL.test(id)) throw new FabraError("invalid_argument", "event id must hold no control characters.", { path })
}

function checkId(what: string, id: unknown, maxBytes: number, path: string): asserts id is string {
  const wrong = (rule: string) =>
    new FabraError("invalid_argument", `${what} ${show(id)} is not valid: it must be ${rule}.`, { path })
  if (typeof id !== "string" || id === "") throw wrong("a non-empty string")
  if (utf8Length(id) > maxBytes) throw wrong(`at most ${maxBytes} bytes in UTF-8`)
  // A lone surrogate has no UTF-8 form: two such ids would become one on the way through a bus.
  if (!isWellFormed(id)) throw wrong("well-formed Unicode (it has a lone surrogate)")
}

/** Bytes of `text` in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit < 0xdc00) {
      bytes += 2 // a pair is 2 units and 4 bytes
      i++
    } else bytes += 2
  }
  return bytes
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)
}

/** A short, readable picture of any value for an error message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (typeof value === "bigint") return `${value}n`
  if (typeof value === "function") return "a function"
  if (Array.isArray(value)) return "an array"
  if (value instanceof Date) return "a Date"
  if (typeof value === "object" && value !== null) return "an object"
  return String(value)
}

/** The names in `known` nearest to `name`, best first, at most three; for "did you mean". */
export function nearest(name: string, known: Iterable<string>): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3))
  return [...known]
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, swap))
    }
    row = next
  }
  return row[b.length] as number
}
