import type { AxiomEvent } from "../event/event.js"
import { decodeEvent } from "../event/wire.js"
import { hashEntityId } from "./partition.js"
import type { Position } from "./position.js"

/**
 * Why an event, or one feature of it, could not be applied. `worker_crashed`: worker after worker died over it;
 * `entity_halted`: an earlier event of its entity lies in the queue, and the worker was told to halt the entity then.
 */
export const DEAD_LETTER_REASONS = [
  "handler_failed",
  "handler_timeout",
  "invalid_event",
  "worker_crashed",
  "entity_halted",
] as const

/** One of {@link DEAD_LETTER_REASONS}. */
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

/** A failure as the worker hands it over. */
export interface NewDeadLetter {
  readonly group: string
  readonly partition: number
  readonly position: Position
  /** The event exactly as it stands in the log. */
  readonly data: string
  /** Absent where the event could not be read. */
  readonly eventId?: string
  readonly eventType?: string
  /** The entity it failed for: the one with the event's own id, or one that the `key` of a feature names. */
  readonly entityId?: string
  readonly entityType?: string
  /** The features that failed; empty when the event could not be read at all. */
  readonly features: readonly string[]
  readonly reason: DeadLetterReason
  readonly error: { readonly name: string; readonly message: string; readonly stack?: string }
  /** How often the handler was run. */
  readonly attempts: number
  /** Epoch milliseconds. */
  readonly firstFailedAt: number
  /** Epoch milliseconds. */
  readonly lastFailedAt: number
}

/** A failure as it stands in the queue. */
export interface DeadLetter extends NewDeadLetter {
  /** Given by the queue; sorts in the order of arrival. */
  readonly id: string
}

/** Which dead letters are meant; every field given must match. */
export interface DeadLetterFilter {
  readonly group?: string | undefined
  readonly eventType?: string | undefined
  readonly feature?: string | undefined
  readonly entityId?: string | undefined
  readonly entityType?: string | undefined
  readonly reason?: DeadLetterReason | undefined
  /** Failed at or after, epoch milliseconds. */
  readonly since?: number | undefined
  /** Failed before, epoch milliseconds. */
  readonly until?: number | undefined
}

/** One page of dead letters, oldest first. */
export interface DeadLetterPage {
  readonly entries: readonly DeadLetter[]
  /** Pass as `after` for the next page; `null` at the end. */
  readonly next: string | null
}

/** What a replay did. */
export interface ReplayOutcome {
  readonly id: string
  /** `replayed`: published again and taken off the queue. `not_found`: no such id. `failed`: still queued, see `error`. */
  readonly status: "replayed" | "not_found" | "failed"
  readonly error?: Error
}

/** The failures of a namespace, for people to look at, mend and replay. */
export interface DeadLetterQueue {
  /**
   * Adds entries, each durable when the promise resolves. Adding one again (same group, partition, position, entity type
   * and features) changes nothing, also after it was replayed or discarded, for at least a day.
   * @throws FabraError `bus_unavailable`; each entry may then have been added or not: add it again
   */
  append(entries: readonly NewDeadLetter[]): Promise<void>
  /** A page of those that match, oldest first. @param options.limit default 100, at most 1,000 */
  list(
    filter?: DeadLetterFilter,
    options?: { readonly after?: string | undefined; readonly limit?: number | undefined },
  ): Promise<DeadLetterPage>
  get(id: string): Promise<DeadLetter | undefined>
  /**
   * Publishes the events again, aimed at the features that failed, and takes the entries off the queue. A replay that is
   * asked for twice is applied once. An event that could not be read cannot be replayed: mend it and publish it anew.
   * An entry is published first, as {@link replayEvent}, and then taken off: one that the bus refuses stays.
   */
  replay(ids: readonly string[]): Promise<ReplayOutcome[]>
  /**
   * Takes entries off the queue for good; returns how many were there. An event that could be read is published once
   * more, as {@link discardEvent}, so that the entity's record forgets the failure too, and then taken off.
   * @throws FabraError as `EventBus.publish`; the entries before that one are gone, it and those after it stay
   */
  discard(ids: readonly string[]): Promise<number>
  /** How many there are, and when the oldest arrived (epoch milliseconds of the bus, `null` when there is none). */
  stats(): Promise<{ readonly count: number; readonly oldestAt: number | null }>
}

/** True when the filter means this entry. */
export function matchesFilter(entry: DeadLetter, filter: DeadLetterFilter): boolean {
  const { group, eventType, feature, entityId, entityType, reason, since, until } = filter
  return (
    (group === undefined || entry.group === group) &&
    (eventType === undefined || entry.eventType === eventType) &&
    (feature === undefined || entry.features.includes(feature)) &&
    (entityId === undefined || entry.entityId === entityId) &&
    (entityType === undefined || entry.entityType === entityType) &&
    (reason === undefined || entry.reason === reason) &&
    (since === undefined || entry.lastFailedAt >= since) &&
    (until === undefined || entry.lastFailedAt < until)
  )
}

/** What makes two appended dead letters the same one. */
export function deadLetterKey(entry: NewDeadLetter): string {
  return JSON.stringify([
    entry.group,
    entry.partition,
    entry.position,
    entry.entityType ?? "",
    ...[targetOf(entry)].flatMap((target) => (target === undefined ? [] : [[target]])),
    ...[...entry.features].sort(),
  ])
}

/** The entity that it failed for, where that is not the one with the event's own id. */
function targetOf({ data, entityId }: NewDeadLetter): string | undefined {
  if (entityId === undefined) return undefined
  try {
    return decodeEvent(data, Number.POSITIVE_INFINITY).entityId === entityId ? undefined : entityId
  } catch {
    return undefined
  }
}

/**
 * The event that replays a dead letter: as it was, but aimed at the features that failed, and with an id of its own that
 * is the same each time, so that publishing it twice adds it once.
 * @throws FabraError `invalid_event` when the event could not be read in the first place
 */
export function replayEvent(entry: NewDeadLetter): AxiomEvent {
  return repeatEvent(entry, "replay")
}

/**
 * The event that tells workers to forget a failure without repairing it; otherwise as {@link replayEvent}.
 * @throws FabraError `invalid_event` when the event could not be read in the first place
 */
export function discardEvent(entry: NewDeadLetter): AxiomEvent {
  return repeatEvent(entry, "discard")
}

function repeatEvent(entry: NewDeadLetter, what: "replay" | "discard"): AxiomEvent {
  const event = decodeEvent(entry.data, Number.POSITIVE_INFINITY)
  const { group, features, entityType, partition, position } = entry
  const { of, position: first = position } = event.replay ?? { of: event.eventId }
  const target = targetOf(entry)
  return {
    ...event,
    eventId: `${what}_${partition}_${position}_${hashEntityId(deadLetterKey(entry)).toString(36)}`,
    replay: {
      of,
      group,
      features,
      ...(entityType === undefined ? {} : { entityType }),
      ...(target === undefined ? {} : { entityId: target }),
      position: first,
      ...(what === "discard" ? { discard: true } : {}),
    },
  }
}
