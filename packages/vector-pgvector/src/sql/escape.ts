import type { JsonValue } from "@fabra/events"

// Postgres keeps no NUL in text, and PGlite loses a byte order mark at the beginning of one. Each of these is written as
// two characters that nobody writes, the first of which is written as two again; every other text lies there as it is.
const MARK = "\u0001"
const ESCAPES = [MARK, "\u0000", "\ufeff"]
const TO_ESCAPE = new RegExp(`[${ESCAPES.join("")}]`, "g")
const ESCAPED = new RegExp(`${MARK}([012])`, "g")

/** Spells any text so that Postgres keeps it. */
export function escapeText(text: string): string {
  return text.replace(TO_ESCAPE, (character) => `${MARK}${ESCAPES.indexOf(character)}`)
}

/** Reads what {@link escapeText} wrote. */
export function unescapeText(text: string): string {
  return text.replace(ESCAPED, (_, which) => ESCAPES[Number(which)] as string)
}

/** Spells JSON, all its texts as {@link escapeText} does. */
export function escapeJson(value: JsonValue): JsonValue {
  return mapTexts(value, escapeText)
}

/** Reads what {@link escapeJson} wrote. */
export function unescapeJson(value: JsonValue): JsonValue {
  return mapTexts(value, unescapeText)
}

function mapTexts(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === "string") return change(value)
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]))
}
