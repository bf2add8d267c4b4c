/**
 * A setting of a store that endangers what it keeps. `store_evicts`: it drops data when its memory is full;
 * `store_not_durable`: a crash loses what was confirmed last.
 */
export type StoreRisk = "store_evicts" | "store_not_durable"

/** A {@link StoreRisk} of one server or file. */
export interface StoreWarning {
  readonly code: StoreRisk
  /** The server or file. A bus and a cache on the same one name it alike, so that a worker logs their warning once. */
  readonly where: string
  /** A sentence for a log. */
  readonly message: string
}

/**
 * What a {@link BusNotice} is about.
 *
 * | code | meaning |
 * | --- | --- |
 * | `no_answer` | the bus, or some of its partitions, does not answer; the subscription tries again until it does |
 * | `answers_again` | it answers again |
 * | `replica_missing` | nothing is read, or is read without, since no replica confirms what was accepted |
 * | `replica_back` | a replica confirms it again |
 * | `memory_short` | a server of the bus has little memory left, or none: then it accepts no event |
 * | `memory_enough` | it has again |
 * | `lease_lost` | another member may own a partition that this member still worked on |
 * | `lease_not_released` | a closing member could not release its leases; others take over when they run out |
 * | `drain_failed` | `onRevoked` rejected |
 * | `events_lost` | accepted events are gone that the group had not read, or the log ends before what it has read |
 * | `group_lost` | the group's checkpoints are gone; the bus has created the group again |
 * | `scripts_restored` | the engine had forgotten what the bus keeps in it; the bus has put it back |
 * | `settings_unknown` | the engine does not tell its settings |
 * | `engine_too_old` | the engine lacks a command that the bus needs |
 * | `reads_not_durable` | the bus shows events that it may still lose (`durableReads` is `none`) |
 * | `store_evicts`, `store_not_durable` | a {@link StoreRisk} |
 */
export type BusNoticeCode =
  | "no_answer"
  | "answers_again"
  | "replica_missing"
  | "replica_back"
  | "memory_short"
  | "memory_enough"
  | "lease_lost"
  | "lease_not_released"
  | "drain_failed"
  | "events_lost"
  | "group_lost"
  | "scripts_restored"
  | "settings_unknown"
  | "engine_too_old"
  | "reads_not_durable"
  | StoreRisk

/** Something a person should know about the bus. */
export interface BusNotice {
  readonly code: BusNoticeCode
  readonly level: "info" | "warn" | "error"
  /** A sentence for a log. */
  readonly message: string
  /** The server or file, where the notice is about one of several. */
  readonly where?: string | undefined
  readonly error?: unknown
}
