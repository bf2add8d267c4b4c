import type { Position } from "@fabra/events"

/** What a group has settled of one partition for one entity. */
export interface PartitionMark {
  /** Position of the last event settled; `""` before the first. Text order puts it before every position. */
  readonly mark: Position
  /** An event after the mark, the first not settled, of which some features are done and others are being retried. */
  readonly halfDone?: { readonly position: Position; readonly features: readonly string[] }
}

/** A group's bookkeeping in an entity's record, by partition. One entity has events of more only if keys are remapped. */
export type Bookkeeping = ReadonlyMap<number, PartitionMark>

/** Nothing settled yet. */
export const NO_MARK: PartitionMark = { mark: "" }

/** Spells bookkeeping as the text kept in the record. */
export function encodeBookkeeping(books: Bookkeeping): string {
  return JSON.stringify({ partitions: Object.fromEntries(books) })
}

/** Reads what {@link encodeBookkeeping} wrote; `null` is none. */
export function decodeBookkeeping(text: string | null): Map<number, PartitionMark> {
  if (text === null) return new Map()
  const { partitions } = JSON.parse(text) as { partitions: Record<string, PartitionMark> }
  return new Map(Object.entries(partitions).map(([partition, mark]) => [Number(partition), mark]))
}

/** The flag that stands in a record while a feature's failure on an event lies in the dead-letter queue. */
export function deadLetterFlag(eventId: string, feature: string): string {
  return `dead:${feature}/${eventId}`
}
