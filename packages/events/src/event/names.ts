import { FabraError } from "../errors.js"
import { show } from "../message.js"

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
  if (!id.isWellFormed()) throw wrong("well-formed Unicode (it has a lone surrogate)")
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
