import type { Clock, PublishResult } from "@fabra/events"
import type { EncodedEvent, PartitionedLog } from "@fabra/events/adapter"

/** What the suite needs of the log it is given. */
export interface PartitionedLogSuiteOptions {
  readonly partitions: number
}

/** A fresh, empty namespace of the log under test, made for one test. */
export interface PartitionedLogHarness {
  /** Another log of the namespace, as a further subscription, or a further process where the engine is shared, has it. */
  open(): PartitionedLog | Promise<PartitionedLog>
  /** Appends events, each to the partition of its entity: what `append` of a `BaseEventBus` is going to do. */
  append(events: readonly EncodedEvent[]): Promise<readonly PublishResult[]>
  /** The clock the log lives by, if it is not the machine's: the suite then waits by it, too. */
  readonly clock?: Clock
  /** Called after the test, whatever became of it, when the logs are closed: removes the namespace. */
  cleanup(): Promise<void>
}

/** What {@link testPartitionedLog} is told about an adapter. */
export interface PartitionedLogSuite {
  create(options: PartitionedLogSuiteOptions): Promise<PartitionedLogHarness>
  /** How long, in milliseconds, to wait for what must happen before calling it a failure. Default 10,000. */
  readonly patienceMs?: number
}
