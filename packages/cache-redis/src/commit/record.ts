import type { EntityKey, EntityRecord, StoredValue } from "@fabra/core/adapter"
import { type GroupFields, LAST_WRITE } from "../keyspace/keys.js"
import type { TombstoneBook } from "../remove/tombstones.js"

/** Before the token of a removal, where that stands for a group's own. */
export const REMOVAL = "~"

/** What stands before the text of a value in its field: `computedAt|eventTime|`, with no time when no event made it. */
export function encodeTimes({ eventTime, computedAt }: StoredValue): string {
  return `${computedAt}|${eventTime ?? ""}|`
}

/** Reads a value from its field: {@link encodeTimes}, then its text. @throws Error when it is no such text */
export function decodeStored(raw: string): StoredValue {
  const first = raw.indexOf("|")
  const second = raw.indexOf("|", first + 1)
  const computedAt = first > 0 ? Number(raw.slice(0, first)) : Number.NaN
  const eventTime = second === first + 1 ? null : Number(raw.slice(first + 1, second))
  if (second < 0 || Number.isNaN(computedAt) || Number.isNaN(eventTime)) {
    throw new Error(`a field holds ${JSON.stringify(raw.slice(0, 60))}, which is no feature value`)
  }
  return { text: raw.slice(second + 1), eventTime, computedAt }
}

/** What a field holds, if there is one. @throws Error as {@link decodeStored} */
export function decodeField(raw: string | null): StoredValue | undefined {
  return raw === null ? undefined : decodeStored(raw)
}

/** A group's token: its own last commit and the last direct write, since either makes a version new. */
export function effectiveVersion(own: string | undefined, lastWrite: string | undefined): string | null {
  return own === undefined && lastWrite === undefined ? null : [own, lastWrite].join("/")
}

/** Whether a token is of a record in which the group has no part. */
export function isPartless(token: string | null): boolean {
  return token === null || token.startsWith("/") || token.startsWith(REMOVAL)
}

/** Who reads records: a group, and what this process knows of removals. */
export interface RecordReader {
  readonly group: string
  readonly fields: GroupFields
  readonly book: Pick<TombstoneBook, "of">
}

/** Reads the reply to HGETALL (field, value, field, …) as one group sees it. @throws Error for a malformed value */
export function decodeRecord(
  { group, fields, book }: RecordReader,
  key: EntityKey,
  reply: readonly string[],
  epoch: string,
): EntityRecord {
  const values = new Map<string, StoredValue>()
  const flags = new Set<string>()
  let own: string | undefined
  let state: string | undefined
  let lastWrite: string | undefined
  for (let i = 0; i < reply.length; i += 2) {
    const field = reply[i] as string
    const value = reply[i + 1] as string
    if (field.startsWith("f:")) values.set(field.slice(2), decodeStored(value))
    else if (field === fields.token) own = value
    else if (field === fields.state) state = value
    else if (field === LAST_WRITE) lastWrite = value
    else if (field.startsWith(fields.flag)) flags.add(field.slice(fields.flag.length))
  }
  const left = own === undefined ? book.of(key) : undefined
  const token = effectiveVersion(own ?? (left?.token && REMOVAL + left.token), lastWrite)
  const tombstone = left?.states.get(group) ?? null
  return { key, version: token, state: state ?? null, tombstone, flags, values, epoch }
}
