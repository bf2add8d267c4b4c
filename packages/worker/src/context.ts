import type { FeatureCache, FeatureStore } from "@fabra/core"
import type { EventBus } from "@fabra/events"
import type { Subscription } from "@fabra/events/adapter"
import type { Lane } from "./lane/lane.js"
import type { Observer } from "./observe/observer.js"
import type { PartitionSession, RollbackCause } from "./partition/partition-session.js"
import type { Settings } from "./settings.js"

/**
 * What the parts of one worker share, and how they tell it what happens. The constructor of each part takes it first, then
 * the parts it calls.
 */
export interface WorkerContext {
  readonly settings: Settings
  readonly store: FeatureStore
  readonly cache: FeatureCache
  readonly bus: EventBus
  readonly observer: Observer
  /** Of the partitions that the worker owns, by partition. */
  readonly sessions: ReadonlyMap<number, PartitionSession>
  /** `undefined` until the bus has answered. */
  readonly subscription: Subscription | undefined
  /** Events were settled, or a session has ended: there may be room for more. */
  progressed(): void
  /** A lane that has deferred records is empty. */
  emptied(lane: Lane): void
  /** The cache has `lost` what the session had seen settled (rule R2), or may have in a `restart` (rule R3). */
  rolledBack(session: PartitionSession, cause: RollbackCause): void
  /** A fault of our own: nothing may go on. */
  failed(error: unknown): void
}
