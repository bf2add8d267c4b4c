import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { type AxiomEvent, FabraError, parseEvent } from "@fabra/events"
import { isPlainObject } from "@fabra/events/adapter"
import { parse } from "csv-parse"

/** How events are written in a file: one JSON object a line, or a table with a header. */
export type Format = "ndjson" | "csv"

/** One event of a file, or what is wrong with it. */
export type Row = { readonly line: number } & ({ readonly event: AxiomEvent } | { readonly error: FabraError })

/**
 * Reads events from a file: one JSON object a line, or a table with a header.
 * @param eventType of events that name none
 * @throws FabraError `invalid_argument` for a table that is none
 */
export async function* readRows(input: Readable, format: Format, eventType: string | undefined): AsyncGenerator<Row> {
  for await (const { line, read } of format === "csv" ? tableRows(input) : jsonLines(input)) {
    try {
      const fields = read()
      const named = isPlainObject(fields) && eventType !== undefined ? { event_type: eventType, ...fields } : fields
      yield { line, event: parseEvent(named) }
    } catch (error) {
      yield { line, error: FabraError.from(error, "invalid_event") }
    }
  }
}

interface Unread {
  readonly line: number
  readonly read: () => unknown
}

async function* jsonLines(input: Readable): AsyncGenerator<Unread> {
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    // Windows' editors begin a file with a byte order mark, which JSON does not know.
    const json = line === 1 ? text.replace(/^\ufeff/, "") : text
    if (json.trim() !== "") yield { line, read: () => JSON.parse(json) }
  }
}

/** What in a table is not payload. */
const FIELDS = ["event_type", "entity_id", "event_id", "timestamp", "traceparent"]

async function* tableRows(input: Readable): AsyncGenerator<Unread> {
  const parser = input.pipe(parse({ columns: true, info: true, bom: true, skip_empty_lines: true }))
  input.on("error", (error) => parser.destroy(error))
  try {
    for await (const { record, info } of parser) {
      yield { line: (info as { lines: number }).lines, read: () => toFields(record as Record<string, string>) }
    }
  } catch (error) {
    throw new FabraError("invalid_argument", `The table cannot be read: ${(error as Error).message}.`, { cause: error })
  }
}

/** Every other column is a field of the payload; an empty cell is none. */
function toFields(record: Record<string, string>): Record<string, unknown> {
  const cells = Object.entries(record).filter(([, cell]) => cell !== "")
  const payload = cells.filter(([name]) => !FIELDS.includes(name)).map(([name, cell]) => [name, toValue(cell)])
  const fields = cells.filter(([name]) => FIELDS.includes(name))
  return { ...Object.fromEntries(fields), payload: Object.fromEntries(payload) }
}

/** A cell that is spelled as JSON spells a number, a truth value, a list or an object is one; any other is text. */
function toValue(cell: string): unknown {
  if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(cell)) {
    const number = Number(cell)
    return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : cell
  }
  if (!/^([[{]|true$|false$|null$)/.test(cell)) return cell
  try {
    return JSON.parse(cell)
  } catch {
    return cell
  }
}
