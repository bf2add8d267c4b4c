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
export type {
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
export { MemoryFeatureCache } from "./memory-cache.js"
export { Registry } from "./registry.js"
export { type FeatureRow, type FeatureStatus, type FeatureValue, serveValue } from "./serve.js"
export { FeatureStore, type FeatureStoreOptions } from "./store.js"
export {
  type AppliedEvent,
  type Call,
  type Commit,
  consoleLogger,
  type FailedFeature,
  type HandlerCall,
  type LaneChange,
  type Logger,
  type Telemetry,
} from "./telemetry.js"
// For those who write a worker or another part of Fabra.
export { runInTransaction, type Transaction } from "./transaction.js"
export { decodeValue, encodeValue } from "./values.js"
