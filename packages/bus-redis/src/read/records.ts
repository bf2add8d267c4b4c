import type { BusRecord } from "@fabra/events/adapter"
import { spellSequence, spellTime } from "../keyspace/positions.js"

/** A stream entry as the driver gives it: id, then fields and values in turn. */
export type StreamEntry = [id: string, fields: string[]]

/** What `XREAD` answers: per stream with news, its key and entries. */
export type StreamReply = [key: string, entries: StreamEntry[]][]

/** The records of stream entries. Every event passes here: no more is made per entry than its record and position. */
export function toRecords(entries: readonly StreamEntry[]): BusRecord[] {
  let time = ""
  let acceptedAt = 0
  let prefix = ""
  return entries.map(([id, fields]) => {
    const dash = id.indexOf("-")
    if (time.length !== dash || !id.startsWith(time)) {
      time = id.slice(0, dash)
      acceptedAt = Number(time)
      prefix = `${spellTime(time)}-`
    }
    // By `join`, which makes one text: what `+` makes holds on to its parts, and is made anew by the first comparison.
    return { position: [prefix, spellSequence(id.slice(dash + 1))].join(""), data: dataOf(fields), acceptedAt }
  })
}

/** Anybody may have written to the stream. Where there is no event, an empty text is no event either. */
function dataOf(fields: readonly string[]): string {
  if (fields[0] === "data") return fields[1] ?? ""
  for (let i = 2; i < fields.length; i += 2) if (fields[i] === "data") return fields[i + 1] ?? ""
  return ""
}
