import type { Assignment, AttemptKind, PartitionBatch, ReadOptions } from "../bus/bus.js"
import type { Position } from "../bus/position.js"
import type { keepMembers, MemberRequest } from "./members.js"

/** What a member says in one round of lease keeping. */
export interface LeaseRequest extends MemberRequest {
  readonly group: string
  /** Partitions it holds and goes on holding. */
  readonly held: readonly number[]
  /**
   * Partitions it would take if they are free: never leased, let go, run out, of an earlier life of the consumer, or its own
   * already (it may not have had the answer to the round before).
   */
  readonly wanted: readonly number[]
  /** Partitions it lets go of, drained, as far as they are still its own. */
  readonly released: readonly number[]
}

/** The answer to a {@link LeaseRequest}. */
export interface LeaseView {
  /** The consumers that have a share of the partitions: see {@link keepMembers}. */
  readonly sharing: readonly string[]
  /** True when a later life of the consumer has joined: nothing was changed. Default false. */
  readonly isSuperseded?: boolean | undefined
  /** Those of `held` that are still its own. A lease that ran out but was not taken is renewed and still its own. */
  readonly held: readonly number[]
  /**
   * Those of `wanted` that it now holds. `quarantineUntil` is the position of the log's last record, read no sooner than the
   * lease was given, when the last owner was another member, or another life of this one, that never let go; else, or in an empty log, `null`.
   */
  readonly taken: readonly Assignment[]
}

/** Records that a member is about to run. */
export interface Attempts {
  readonly group: string
  readonly consumer: string
  readonly partition: number
  readonly positions: readonly Position[]
  readonly how: AttemptKind
}

/**
 * The few operations of a partitioned log from which `LogSubscription` makes a {@link Subscription}. For adapters whose
 * engine has no consumer groups of its own that keep order; engines that have may implement `Subscription` directly.
 * Every operation throws FabraError `bus_unavailable` when the engine does not answer.
 *
 * Each subscription has one of its own, calls `read` one at a time and the rest beside it, and closes it in the end; what
 * subscriptions of a bus share (connections, say) is the bus's to close.
 */
export interface PartitionedLog {
  readonly partitions: number
  /**
   * One atomic step, by a clock that all members share, creating the group in every partition, at the oldest record, when
   * it is new: from then on nothing is trimmed that it has not settled.
   */
  syncLeases(request: LeaseRequest): Promise<LeaseView>
  /**
   * Returns the records after each cursor, waiting up to `maxWaitMs` for a first one; ends early when `signal` aborts.
   * Promises what `Subscription.read` does about order, gaps and durability. After a cursor whose successor is trimmed,
   * and for `null`, come the oldest records there are. Partitions that have nothing may be left out. A partition that ends
   * before its cursor, as after a restored snapshot, is said to (`endsBeforeCursor`), which does not end the wait; a log that
   * tells of it by a notice of its own need not.
   */
  read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]>
  /**
   * Stores a checkpoint; keeps the greater one, whoever writes it. `records`, as in `Subscription.checkpoint`, is for
   * engines that cannot count what lies behind a position; others leave it alone. May trim what every group has settled,
   * and forget notes of what this group has.
   */
  writeCheckpoint(group: string, partition: number, position: Position, records: number): Promise<void>
  /** As `Subscription.noteAttempts`. What is noted outlives leases and their owners. */
  noteAttempts(attempts: Attempts): Promise<readonly number[]>
  /** Called once, after the last lease was let go. */
  close(): Promise<void>
}
