import { isGone, type StoredField, type StoredValue, type Tombstone, type WholeRecord } from "@fabra/core/adapter"
import type { Position } from "@fabra/events"
import { covers, decodeBookkeeping, encodeBooks } from "../record/bookkeeping.js"

/** By so much clocks may differ: nobody shall miss a value that the own clock still serves. */
const CLOCKS_DIFFER_MS = 60_000
/** A direct write that is sent again is known again for at least so long: with the record, that would be forgotten. */
const KNOWN_AGAIN_MS = 24 * 3_600_000

/** The stored checkpoints of groups, by partition; a group that the bus does not know has none. */
export type StoredCheckpoints = ReadonlyMap<string, readonly (Position | null)[]>

/** Whether nobody will ever be served anything of the record: every value in it has outlived its feature's `ttl`. */
export function isForgotten(
  { values, writtenDirectly }: WholeRecord,
  stored: ReadonlyMap<string, StoredField>,
  now: number,
): boolean {
  if (writtenDirectly && values.size === 0) return false // nobody knows since when
  for (const [name, value] of values) {
    const field = stored.get(name)
    if (field === undefined || !isGone(field, lastUse(field, value), now - CLOCKS_DIFFER_MS)) return false
    if (writtenDirectly && now - value.computedAt < KNOWN_AGAIN_MS) return false
  }
  return true
}

/** A window covers an event for so long after the event's own time, which may be later than that of computing. */
function lastUse({ state }: StoredField, value: StoredValue): StoredValue {
  if (state === undefined) return value
  return { ...value, computedAt: Math.max(value.computedAt, value.eventTime ?? 0) }
}

/** Groups whose bookkeeping is in the record; those with a `~` are none of the bus. */
export function groupsIn({ parts }: WholeRecord): string[] {
  return [...parts.keys()].filter((group) => !group.startsWith("~"))
}

/**
 * What has to stand in the place of a record that is to go; `undefined` when it must stay, because a group has not stored a
 * checkpoint behind all that it has settled here, is in the middle of an event, or has a dead letter.
 *
 * Up to its stored checkpoint a group has settled everything, whatever the entity, and can not lose it any more. So the
 * checkpoint is a mark that holds for every record that is not there: whoever still has such an event in hand, or reads it
 * again, skips it.
 */
export function tombstonesOf(record: WholeRecord, checkpoints: StoredCheckpoints): Tombstone[] | undefined {
  const all: Tombstone[] = []
  for (const group of groupsIn(record)) {
    const { state, flags } = record.parts.get(group) as { state: string; flags: ReadonlySet<string> }
    if (flags.size > 0) return undefined
    const before = record.tombstones.get(group) ?? null
    const left = decodeBookkeeping(before)
    for (const [partition, { mark, halfDone }] of decodeBookkeeping(state)) {
      const checkpoint = checkpoints.get(group)?.[partition] ?? ""
      if (halfDone !== undefined || mark > checkpoint) return undefined
      if (!covers(left.get(partition) ?? { mark: "" }, checkpoint)) left.set(partition, { mark: checkpoint })
    }
    all.push({ group, before, after: encodeBooks(left) })
  }
  return all
}
