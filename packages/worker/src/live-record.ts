import type { EntityRecord, StoredValue } from "@fabra/core"
import { type Bookkeeping, decodeBookkeeping, type PartitionMark } from "./bookkeeping.js"

/** An entity's record as the worker holds it while it owns the partition: as last confirmed by the cache. */
export interface LiveRecord {
  token: string | null
  books: Bookkeeping
  readonly flags: Set<string>
  readonly values: Map<string, StoredValue>
}

/** Makes a live record of a loaded one. */
export function toLive({ token, state, flags, values }: EntityRecord): LiveRecord {
  return { token, books: decodeBookkeeping(state), flags: new Set(flags), values: new Map(values) }
}

/** About how many bytes a record takes in memory. */
export function sizeOf({ values, flags }: LiveRecord): number {
  let size = 500 + flags.size * 100
  for (const [name, { text }] of values) size += 100 + 2 * (name.length + text.length)
  return size
}

/** `books` with the mark of one partition replaced. */
export function withMark(books: Bookkeeping, partition: number, mark: PartitionMark): Bookkeeping {
  return new Map(books).set(partition, mark)
}
