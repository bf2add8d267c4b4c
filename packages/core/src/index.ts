// For those who define and read features.

// The contract of a cache.
export {
  type CacheCapabilities,
  type CommitResult,
  type EntityChange,
  type EntityKey,
  type EntityPage,
  type EntityRecord,
  type FeatureCache,
  type Incarnation,
  type OutsideWrite,
  REMEMBERED_WRITES,
  type StoredValue,
  type WriteResult,
} from "./cache.js"
export type { ReadContext, ReadFeatureOptions, ReadInput } from "./computed-feature.js"
export { type Duration, parseDuration } from "./duration.js"
export type {
  AgeOptions,
  Computed,
  Entity,
  Feature,
  FeatureContext,
  FeatureHandler,
  FeatureOptions,
  ServedValue,
  Trigger,
  TriggerEvent,
} from "./feature.js"
export type { AnyFeatureOptions } from "./feature-definition.js"
export { MemoryFeatureCache } from "./memory-cache.js"
export { Registry } from "./registry.js"
export type { Refresh, Schedule } from "./schedule.js"
export type { ScheduleContext, ScheduledFeatureOptions, ScheduledHandler } from "./scheduled-feature.js"
// For those who write a worker or another part of Fabra.
export { type FeatureRow, type FeatureStatus, type FeatureValue, isGone, serveValue } from "./serve.js"
export { FeatureStore, type FeatureStoreOptions, type ReadOptions } from "./store.js"
export {
  type AppliedEvent,
  type Call,
  type Commit,
  consoleLogger,
  type FailedFeature,
  type HandlerCall,
  type LaneChange,
  type LateEvent,
  type Logger,
  type Telemetry,
} from "./telemetry.js"
export { withTimeout } from "./timeout.js"
export { runInTransaction, type Transaction } from "./transaction.js"
export { decodeValue, encodeValue } from "./values.js"
