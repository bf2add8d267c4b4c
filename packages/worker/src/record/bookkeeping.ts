import type { EntityRecord } from "@fabra/core/adapter"
import type { Position } from "@fabra/events"

/** What a group has settled of one partition for one entity. */
export interface PartitionMark {
  /** Position of the last event settled; `""` before the first. Text order puts it before every position. */
  readonly mark: Position
  /** An event after the mark, the first not settled, of which some features are done and others are being retried. */
  readonly halfDone?: { readonly position: Position; readonly features: readonly string[] } | undefined
}

/** A group's bookkeeping in an entity's record, by partition. One entity has events of more only if keys are remapped. */
export type Bookkeeping = ReadonlyMap<number, PartitionMark>

/** Nothing settled yet. */
export const NO_MARK: PartitionMark = { mark: "" }

/**
 * Encodes the mark of one partition, and those of others, as the text kept in the record.
 * @param others as {@link encodeMark} encodes them, joined by commas; may be empty
 */
export function encodeBookkeeping(partition: number, mark: PartitionMark, others: string): string {
  const own = encodeMark(partition, mark)
  // By `join`, which makes one text: a text made by `+` keeps all its parts alive until it is copied.
  return others === "" ? ["{", own, "}"].join("") : ["{", own, ",", others, "}"].join("")
}

/** As {@link encodeBookkeeping}, of any number of partitions. */
export function encodeBooks(books: Bookkeeping): string {
  return ["{", [...books].map(([partition, mark]) => encodeMark(partition, mark)).join(","), "}"].join("")
}

/** Encodes one mark as a member of the text. */
export function encodeMark(partition: number, { mark, halfDone }: PartitionMark): string {
  const parts = ['"', String(partition), '":[', JSON.stringify(mark)]
  if (halfDone !== undefined) parts.push(",", JSON.stringify(halfDone.position), ",", JSON.stringify(halfDone.features))
  parts.push("]")
  return parts.join("")
}

/** Decodes the text of {@link encodeBookkeeping}; `null` is none. */
export function decodeBookkeeping(text: string | null | undefined): Map<number, PartitionMark> {
  const books = new Map<number, PartitionMark>()
  if (text === null || text === undefined) return books
  for (const [partition, [mark, position, features]] of Object.entries(JSON.parse(text) as Record<string, Encoded>)) {
    const halfDone = position === undefined || features === undefined ? undefined : { position, features }
    books.set(Number(partition), { mark, halfDone })
  }
  return books
}

type Encoded = readonly [mark: Position, position?: Position, features?: readonly string[]]

/** Events are applied in order, so the note of a half-done one also says that all before it are settled. */
export function covers({ mark, halfDone }: PartitionMark, position: Position): boolean {
  return position <= mark || (halfDone !== undefined && position < halfDone.position)
}

/**
 * Whether the group whose record this is has settled the event at `position` on this entity: each feature it triggers is
 * applied or lies in the dead-letter queue. An event that changed nothing is known to be settled if it was published as
 * `awaited`, else only by a later one that did.
 */
export function isSettled(
  { state, tombstone }: Pick<EntityRecord, "state" | "tombstone">,
  partition: number,
  position: Position,
): boolean {
  return covers(decodeBookkeeping(state ?? tombstone).get(partition) ?? NO_MARK, position)
}

/** Whether the feature's failure on the event lies in the dead-letter queue, as the record says. */
export function isDeadLettered({ flags }: Pick<EntityRecord, "flags">, eventId: string, feature: string): boolean {
  return flags.has(deadLetterFlag(eventId, feature))
}

/** The flag of a record to which the replay of an event was forwarded whose `key` had failed: it is applied. */
export function forwardedFlag(eventId: string, feature: string): string {
  return `forwarded:${feature}/${eventId}`
}

/** Whether a flag is a {@link deadLetterFlag}. */
export function isDeadLetterFlag(flag: string): boolean {
  return flag.startsWith("dead:")
}

/** The flag that stands in a record while a feature's failure on an event lies in the dead-letter queue. */
export function deadLetterFlag(eventId: string, feature: string): string {
  return `dead:${feature}/${eventId}`
}
