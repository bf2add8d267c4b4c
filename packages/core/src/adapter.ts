// For those who write a cache, a vector store, telemetry, or another part of Fabra.

export { busOf } from "./bus-of.js"
export {
  type CacheCapabilities,
  type CommitResult,
  type DirectWrite,
  type EntityChange,
  type EntityKey,
  type EntityPage,
  type EntityRecord,
  type Epoch,
  REMEMBERED_WRITES,
  type StoredValue,
  type WriteResult,
} from "./cache/cache.js"
export { writeDirectly } from "./cache/direct-write.js"
export {
  canRemove,
  type EntityRemoval,
  type RemovalResult,
  type RemovingCache,
  type Tombstone,
  type WholeRecord,
} from "./cache/removal.js"
export { newToken } from "./cache/token.js"
export {
  type FilterNode,
  matchesFilter as matchesMetadata,
  parseFilter,
  type RangeOperator,
} from "./documents/metadata-filter.js"
export { hitToWire, type WireHit } from "./documents/search.js"
export {
  checkDocuments,
  checkLength,
  checkSchema,
  type DocumentRemoval,
  type DocumentState,
  type DocumentVersion,
  type DocumentWrite,
  fusionDepth,
  type IndexSchema,
  isStale,
  METRICS,
  RANK_CONSTANT,
  type VectorCapabilities,
  type VectorChunk,
  type VectorDocument,
  type VectorHit,
  type VectorQuery,
} from "./documents/vector-store.js"
export { parseDuration } from "./feature/duration.js"
export { entityIdsOf, MAX_KEYS } from "./feature/entity-ids.js"
export { type EventTarget, type EventTargets, targetsOf } from "./feature/event-targets.js"
export type { FeatureHandler, ServedValue } from "./feature/feature.js"
export type { ScheduledHandler } from "./feature/scheduled-feature.js"
export { decodeValue, encodeValue } from "./feature/values.js"
export type { SqlLimits, SqlStatement } from "./offline/offline-store.js"
export { noOfflineStore, sqlOn } from "./offline/sql.js"
export { Registry } from "./registry.js"
export { isGone, serveValue } from "./serve/serve.js"
export { withTimeout } from "./serve/timeout.js"
export { type SharedTrigger, sharedTriggers } from "./shared-triggers.js"
export { defineState } from "./state/define-state.js"
export {
  fieldName,
  type StateFeatureOptions,
  type StateOptions,
  type StateWriter,
  type StoredField,
} from "./state/state.js"
export type { FinishedValue, StateReader, StateReading } from "./state/state-reading.js"
export { StoredRow, storedNames } from "./state/stored-row.js"
export type {
  AppliedEvent,
  Call,
  Commit,
  EndedScheduleRun,
  FailedFeature,
  HandlerCall,
  LaneChange,
  LateEvent,
  ScheduledComputed,
} from "./telemetry.js"
export { currentTransaction, type EventOrigin, runInTransaction, type Transaction } from "./transaction.js"
