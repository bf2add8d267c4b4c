import type { Assignment, PartitionBatch, ReadOptions } from "./bus.js"
import type { Position } from "./position.js"

/** What a member says in one round of lease keeping. */
export interface LeaseRequest {
  readonly group: string
  readonly consumer: string
  /** How long the member and its leases live from now on, by the clock of the bus. */
  readonly leaseMs: number
  /** Partitions it holds and goes on holding. */
  readonly held: readonly number[]
  /** Partitions it would take if they are free: never leased, let go, or run out. */
  readonly wanted: readonly number[]
  /** Partitions it lets go of, drained. */
  readonly released: readonly number[]
  /** True when the member goes for good. */
  readonly leaving: boolean
}

/** The answer to a {@link LeaseRequest}. */
export interface LeaseView {
  /** Every living member of the group. */
  readonly members: readonly string[]
  /** Those of `held` that are still its own. A lease that ran out but was not taken is renewed and still its own. */
  readonly held: readonly number[]
  /** Those of `wanted` that it now holds. `cautiousUntil` is the log's end when the last owner never let go. */
  readonly taken: readonly Assignment[]
}

/**
 * The few operations of a partitioned log from which `LogSubscription` makes a {@link Subscription}. For adapters whose
 * engine has no consumer groups of its own that keep order; engines that have may implement `Subscription` directly.
 * Every operation throws FabraError `bus_unavailable` when the engine does not answer.
 */
export interface PartitionedLog {
  readonly partitions: number
  /** One atomic step, by the clock of the bus, creating the group at the oldest record when it is new. */
  syncLeases(request: LeaseRequest): Promise<LeaseView>
  /**
   * Returns the records after each cursor, waiting up to `maxWaitMs` for a first one; ends early when `signal` aborts.
   * Promises what `Subscription.read` does about order, gaps and durability.
   */
  read(cursors: ReadonlyMap<number, Position | null>, options: ReadOptions): Promise<PartitionBatch[]>
  /** Stores a checkpoint; keeps the greater one. `records` as in `Subscription.checkpoint`. May trim the log behind it. */
  writeCheckpoint(group: string, partition: number, position: Position, records: number): Promise<void>
  /** As `Subscription.noteAttempt`. */
  noteAttempt(group: string, partition: number, position: Position, consumer: string): Promise<number>
  close(): Promise<void>
}
