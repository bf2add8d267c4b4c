import { FabraError, type Position } from "@fabra/events"
import { show } from "@fabra/events/adapter"

const STREAM_ID = /^(\d{1,16})-(\d{1,15})$/
const TIME_DIGITS = 14
const SEQUENCE_DIGITS = 10

/** Spells a stream id (`1764000000000-42`) so that positions sort as text: `01764000000000-0000000042`. */
export function toPosition(id: string): Position {
  const dash = id.indexOf("-")
  return `${spellTime(id.slice(0, dash))}-${spellSequence(id.slice(dash + 1))}`
}

/** {@link toPosition}, but the id before all others, `0-0`, is no position. */
export function toPositionOrNull(id: string): Position | null {
  return id === "0-0" ? null : toPosition(id)
}

/**
 * The stream id of a position; of `null`, the one before all others.
 * @throws FabraError `invalid_argument` for what is no position of this bus
 */
export function toStreamId(position: Position | null): string {
  if (position === null) return "0-0"
  const match = STREAM_ID.exec(position)
  if (match) return `${Number(match[1])}-${Number(match[2])}`
  throw new FabraError("invalid_argument", `${show(position)} is not a position of a Redis event bus.`, {
    path: "position",
  })
}

/** When the bus accepted what stands at a position, in epoch milliseconds. */
export function timeOf(position: Position): number {
  return Number(position.slice(0, TIME_DIGITS))
}

/** The first part of a position, from the milliseconds of a stream id. */
export function spellTime(milliseconds: string): string {
  return milliseconds.padStart(TIME_DIGITS, "0")
}

/** The second part of a position, from the sequence number of a stream id. */
export function spellSequence(sequence: string): string {
  return sequence.padStart(SEQUENCE_DIGITS, "0")
}
