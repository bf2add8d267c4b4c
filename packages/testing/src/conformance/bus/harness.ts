import type { Clock, EventBus } from "@fabra/events"

/** What the suite needs of the bus it is given; every test says its own. */
export interface EventBusSuiteOptions {
  readonly partitions: number
  /** The bus claims this window in its capabilities, or 0 if it recognises no duplicates. */
  readonly dedupeWindowMs: number
  readonly maxEventBytes: number
  /** `publish` answers `bus_full` at about so many unsettled events in one partition. */
  readonly maxEventsPerPartition: number
}

/** A fresh, empty namespace of the bus under test, made for one test. */
export interface EventBusHarness {
  readonly bus: EventBus
  /**
   * A second client of the same namespace, as another process would have it. Given if, and only if, the bus claims to be
   * `shared`. With other `partitions` it is a client that is set up wrongly.
   */
  another?(options?: { readonly partitions?: number }): Promise<EventBus>
  /**
   * The same namespace again, after `bus` was closed. Given if, and only if, the bus claims to be `persistent` and not
   * `shared`, as on an engine that one process at a time may open.
   */
  reopen?(): Promise<EventBus>
  /**
   * Stops every subscription of this client dead, as `kill -9` would: it neither renews nor releases a lease from here on. A bus that
   * is not shared stays usable for new subscriptions. For one that is, and makes them with `LogSubscription`, it is enough
   * that the client's clock dies: see `MortalClock`.
   */
  crash(bus: EventBus): void | Promise<void>
  /**
   * Stops every timer of this client, as when a machine sleeps or a process is stopped for long, until the returned function
   * is called: what was due meanwhile then comes at once. Optional; `MortalClock.suspend` does it. Tests of it are left out without.
   */
  suspend?(bus: EventBus): () => void
  /**
   * Kills the engine and starts it again with all that it has confirmed, while the clients live on. Optional, for an engine that
   * is a process of its own and a bus that claims to be `persistent`. Tests of it are left out without.
   */
  restartEngine?(): Promise<void>
  /** The clock the bus lives by, if it is not the machine's: the suite then waits by it, too. */
  readonly clock?: Clock
  /** Called after the test, whatever became of it: closes the clients and removes the namespace. */
  cleanup(): Promise<void>
}

/** What {@link testEventBus} is told about an adapter. */
export interface EventBusSuite {
  create(options: EventBusSuiteOptions): Promise<EventBusHarness>
  /** How long, in milliseconds, to wait for what must happen before calling it a failure. Default 10,000. */
  readonly patienceMs?: number
}
