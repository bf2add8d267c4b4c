import type { FabraError } from "../errors.js"
import type { AxiomEvent } from "../event/event.js"
import type { DeadLetterQueue } from "./dead-letter.js"
import type { BusNotice } from "./notice.js"
import type { Position } from "./position.js"

/** What an event bus can do; the conformance suite reads it and tests the opposite of what is not claimed. */
export interface BusCapabilities {
  /** For messages and logs: `memory`, `redis-streams`, … */
  readonly name: string
  /** Events outlive the process that published them. */
  readonly persistent: boolean
  /** Several processes can share it. */
  readonly shared: boolean
  /**
   * What keeps a reader from seeing a record that the engine may still lose: `inherent` (it cannot lose what it shows, or
   * it loses the feature cache with it; a single disk whose writes are synced before they are shown, for example),
   * `confirmed` (records are shown once enough replicas have them), `none`.
   */
  readonly durableReads: "inherent" | "confirmed" | "none"
  /**
   * How long, in milliseconds, a further publish of one `event_id` for one entity is recognised, counted from the first.
   * 0: not at all.
   */
  readonly dedupeWindowMs: number
  /** Largest event in bytes of its wire form. */
  readonly maxEventBytes: number
}

/** A server that a bus keeps events on, as it is now. What it does not tell is `null`. */
export interface BusServer {
  /** For people and as a label: `Redis at localhost:6379`. */
  readonly name: string
  readonly replicas: number | null
  /** True while this bus reads nothing from it, because no replica confirms what it has. */
  readonly waitsForReplica: boolean
  /** Bytes of memory in use. */
  readonly usedBytes: number | null
  /** Bytes above which it accepts no event; `null` when it has no limit. */
  readonly maxBytes: number | null
}

/** Options of one publish. */
export interface PublishOptions {
  /**
   * `accepted` (default): the engine has the event as safely as it keeps anything. `replicated`: the answer waits until
   * replicas have it too, and it is an error when they do not in time. A bus that has no replicas by its nature (one
   * process, one disk) takes it for `accepted`.
   */
  readonly durability?: "accepted" | "replicated"
  /** Gives up waiting. Events not yet answered for are then `publish_unknown`: publish them again under their id. */
  readonly signal?: AbortSignal | undefined
}

/** The bus has the event. */
export interface PublishReceipt {
  readonly eventId: string
  readonly partition: number
  /** Where it stands; of a duplicate, where the first one stands. */
  readonly position: Position
  /** True when this `event_id` had been accepted within the dedupe window; nothing was added. */
  readonly duplicate: boolean
}

/** What became of one event of many: accepted, or refused with a reason. One refused event refuses no other. */
export type PublishResult =
  | ({ readonly ok: true } & PublishReceipt)
  | {
      readonly ok: false
      readonly eventId: string
      /** `publish_unknown` when nobody can tell: publish it again under the same id. Any other code: it was not taken. */
      readonly error: FabraError
    }

/** A record as it stands in the log. */
export interface BusRecord {
  readonly position: Position
  /** The event's wire form, unread: what stands in a log may have been written by anybody. */
  readonly data: string
  /** When the bus accepted it, in epoch milliseconds of the bus, whose clock may be set: only positions tell an order. */
  readonly acceptedAt: number
}

/** Consecutive records of one partition. */
export interface PartitionBatch {
  readonly partition: number
  readonly records: readonly BusRecord[]
  /** True, without records, when the log ends before the cursor: the engine has lost its end. Default false. */
  readonly endsBeforeCursor?: boolean | undefined
}

/** A partition that is now this consumer's to read. */
export interface Assignment {
  readonly partition: number
  /** Reading starts after this position; `null`: at the oldest record there is. */
  readonly checkpoint: Position | null
  /**
   * Set when the last owner disappeared without releasing its lease: any record up to here may have killed it, so each is
   * to be noted before it is run ({@link Subscription.noteAttempts}).
   */
  readonly quarantineUntil: Position | null
  /** That owner, as far as the bus knows it. */
  readonly takenFrom?: FormerOwner | undefined
}

/** The member that held a partition and never let go of it. */
export interface FormerOwner {
  readonly consumer: string
  /** For how many milliseconds it had given no sign of life. */
  readonly silentMs: number
  /** How many events it had not settled: those after the checkpoint, which go into quarantine. Left out where nobody has counted. */
  readonly events?: number | undefined
}

/**
 * What becomes of records whose attempts are noted: they run `together`, but for those that another consumer has noted,
 * which are not noted again; each runs `alone`, and is noted in any case; or this consumer's notes are `withdrawn`, since
 * the records have not ended its process and are run again later.
 */
export type AttemptKind = "together" | "alone" | "withdrawn"

/** Options of {@link EventBus.subscribe}. */
export interface SubscribeOptions {
  /** Consumer group, a name as `checkName` has it: each group sees every event; its members share the partitions. */
  readonly group: string
  /**
   * Names the member, in printable text; no two members of a group have one name at a time. One that joins under the name of
   * another takes its place and, at once, its partitions; the other one's reads throw `superseded`.
   */
  readonly consumer: string
  /** After how many milliseconds without a sign of life a member's partitions pass to others. Default 10,000. */
  readonly leaseMs?: number | undefined
  /** Called before the first record of the partition is read. Must not throw. */
  readonly onAssigned: (assignment: Assignment) => void
  /** Another member should have this partition. Its records stop at once; it is let go when the promise settles. */
  readonly onRevoked: (partition: number) => Promise<void>
  /** The lease ran out or was taken: what is in flight may go on but achieves nothing that its new owner does not. */
  readonly onLost: (partition: number) => void
  /** Told what a person should know: connection lost and back, a deleted stream, missing durability. */
  readonly onNotice?: (notice: BusNotice) => void
}

/** How {@link Subscription.read} reads. */
export interface ReadOptions {
  /**
   * About how many records to return in all; never more than this of one partition. Partitions share it, so that none
   * waits for the backlog of another.
   */
  readonly maxEvents: number
  /** Longest wait for a first record, in milliseconds; an arriving record ends it at once. 0: no wait at all. */
  readonly maxWaitMs: number
  /** Ends the wait; the read then returns what it has. It may serve other reads as well: none leaves a listener on it. */
  readonly signal?: AbortSignal | undefined
}

/**
 * One member's place in a group. Reading consumes nothing: it moves a cursor that starts at the stored checkpoint.
 *
 * Guarantees: records of a partition come gap-free and in order from the cursor on; nothing is returned that the engine
 * could still lose, as far as {@link BusCapabilities.durableReads} claims; after `onRevoked`, `onLost` or {@link seek}, a
 * read in flight returns nothing of the old cursor.
 */
export interface Subscription {
  /**
   * Returns the next records of all assigned partitions that are not paused; an empty list when none came in time.
   * One read at a time. Connection trouble is waited out within `maxWaitMs` and told to `onNotice`, not thrown.
   * @throws FabraError `bus_closed`; `superseded`, `partition_mismatch` or `bus_unavailable` when no waiting will help
   */
  read(options: ReadOptions): Promise<PartitionBatch[]>
  /**
   * Stores from where the group reads again. Never lowers what is stored; ignored for a partition not assigned.
   * @param records how many records, counted from the assignment's checkpoint, lie at or before `position`
   * @throws FabraError `bus_unavailable`; the checkpoint may then be stored or not
   */
  checkpoint(partition: number, position: Position, records: number): Promise<void>
  /** The next read of the partition starts after `position` (`null`: at the oldest record). */
  seek(partition: number, position: Position | null): void
  /** Stops reading a partition until {@link resume}; a read in flight may still bring records of it. Keeps it assigned. */
  pause(partition: number): void
  resume(partition: number): void
  /**
   * Notes durably, in one step, that this consumer is about to run records, and returns for each how many *other*
   * consumers of its group have noted it. A note is kept until it is withdrawn or the group's checkpoint has passed it.
   * @param positions at most 500
   * @throws FabraError `bus_unavailable`; the notes may then have been made or not
   */
  noteAttempts(partition: number, positions: readonly Position[], how: AttemptKind): Promise<readonly number[]>
  /** Lets go of every partition after `onRevoked` of each has settled, so that others take over at once. Idempotent. */
  close(): Promise<void>
}

/** How far a group is behind in one partition. */
export interface PartitionLag {
  readonly partition: number
  /** Records after the stored checkpoint. Workers checkpoint behind their work, so this may count settled ones too. */
  readonly events: number
  /** Milliseconds since the bus accepted the oldest of them; `null` when there is none. */
  readonly oldestAgeMs: number | null
  /** Consumer that holds the partition now, `null` when nobody does. */
  readonly owner: string | null
  /** For how many milliseconds it has held it; `null` when nobody does, or nobody knows. */
  readonly ownedMs: number | null
  /**
   * Events in quarantine: after the last owner died somebody has noted that it runs them, and no checkpoint has passed them
   * yet, which trails as `events` does.
   */
  readonly quarantined: number
}

/**
 * A partitioned, ordered log of events that can be read again. An event's partition is
 * `partitionOf(event.entityId, partitions)`; the number of partitions is fixed when the namespace is first used.
 *
 * Adapters usually extend `BaseEventBus`, which checks and encodes events, and `LogSubscription`, which shares partitions
 * among members; see the guide "Write an adapter".
 */
export interface EventBus {
  readonly capabilities: BusCapabilities
  /**
   * Publishes one event; idempotent on its `event_id` and entity (`dedupeKey`) within the dedupe window.
   * A duplicate is a duplicate also when the bus is full.
   * @throws FabraError when it was not taken: `bus_full`, `event_too_large`, `invalid_event`, `bus_closed`, …;
   *   `publish_unknown` when nobody can tell, then publish it again under the same id
   */
  publish(event: AxiomEvent<string, object>, options?: PublishOptions): Promise<PublishReceipt>
  /**
   * Publishes many events in few round trips, one result each, in their order. Events of one entity keep their order.
   * Does not throw for single events.
   */
  publish(events: readonly AxiomEvent<string, object>[], options?: PublishOptions): Promise<PublishResult[]>
  /**
   * Joins a group, which begins at the oldest record when it is new. Resolves once the member is announced; partitions
   * are assigned by and by.
   * @throws FabraError `invalid_name`, `partition_mismatch`, `bus_unavailable`, `bus_closed`
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  readonly deadLetters: DeadLetterQueue
  /** The group's lag in each partition. @throws FabraError `bus_unavailable`; `not_found` for an unknown group */
  lag(group: string): Promise<PartitionLag[]>
  /**
   * The group's stored checkpoint in each partition, in order; `null` where it has none.
   * @throws FabraError `bus_unavailable`; `not_found` for an unknown group
   */
  checkpoints(group: string): Promise<(Position | null)[]>
  /** The names of all groups there are, in alphabetical order. @throws FabraError `bus_unavailable` */
  groups(): Promise<string[]>
  /**
   * Removes a group that is not used any more: its checkpoints, leases and notes. Until then nothing is trimmed that it has
   * not settled. Its dead letters stay, and what feature caches keep of it, so that a group of this name that comes later does not apply again
   * what this one has.
   * @returns whether there was such a group
   * @throws FabraError `invalid_argument` while it has members that are alive; `bus_unavailable`
   */
  removeGroup(group: string): Promise<boolean>
  /**
   * The servers that events are kept on and that answer, for metrics and checks. Left out by a bus that has none.
   * @throws FabraError `bus_unavailable`
   */
  readonly servers?: (() => Promise<readonly BusServer[]>) | undefined
  /**
   * Closes open subscriptions, then every connection this bus has opened itself: until the last one has drained,
   * publishing and dead letters go on. Idempotent.
   */
  close(): Promise<void>
}
