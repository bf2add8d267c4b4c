// For those who define and read features.

// The contract of a cache.
export {
  type CacheCapabilities,
  type CommitResult,
  type EntityChange,
  type EntityKey,
  type EntityPage,
  type EntityRecord,
  type EntityRemoval,
  type FeatureCache,
  type Incarnation,
  type OutsideWrite,
  REMEMBERED_WRITES,
  type Remains,
  type RemovalResult,
  type StoredValue,
  type WholeRecord,
  type WriteResult,
} from "./cache.js"
export { CachingEmbedder } from "./caching-embedder.js"
export type { ReadContext, ReadFeatureOptions, ReadInput } from "./computed-feature.js"
export type { IndexOptions, RemoveOutcome } from "./document-indexes.js"
export { type Duration, parseDuration } from "./duration.js"
// The contracts of a vector store and an embedder.
export type { Embedder } from "./embedder.js"
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
export type { IndexOutcome } from "./indexer.js"
export { MemoryFeatureCache } from "./memory-cache.js"
export { MemoryVectorStore } from "./memory-vector-store.js"
export type { FieldFilter, FilterValue, MetadataFilter } from "./metadata-filter.js"
export {
  type FilterNode,
  matchesFilter as matchesMetadata,
  parseFilter,
  type RangeOperator,
} from "./metadata-filter.js"
export type { EntityValue, OfflineStore, SqlLimits, SqlRow, SqlStatement } from "./offline-store.js"
export { Registry } from "./registry.js"
export type { Refresh, Schedule } from "./schedule.js"
export type {
  ScheduleContext,
  ScheduledFeatureOptions,
  ScheduledHandler,
  SqlFeatureOptions,
} from "./scheduled-feature.js"
export { hitToWire, type SearchHit, type SearchQuery, type WireHit } from "./search.js"
// For those who write a worker or another part of Fabra.
export { type FeatureRow, type FeatureStatus, type FeatureValue, isGone, serveValue } from "./serve.js"
export { noOfflineStore, type Sql, sqlOn } from "./sql.js"
export { FeatureStore, type ReadOptions } from "./store.js"
export type { FeatureStoreOptions } from "./store-parts.js"
export {
  type AppliedEvent,
  type Call,
  type Commit,
  consoleLogger,
  type EndedScheduleRun,
  type FailedFeature,
  type HandlerCall,
  type LaneChange,
  type LateEvent,
  type Logger,
  type ScheduledComputed,
  type Telemetry,
} from "./telemetry.js"
export { withTimeout } from "./timeout.js"
export { newToken } from "./token.js"
export { type EventOrigin, runInTransaction, type Transaction } from "./transaction.js"
export { decodeValue, encodeValue } from "./values.js"
export type { VectorIndex, VectorIndexOptions } from "./vector-index.js"
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
  type Metric,
  RANK_CONSTANT,
  type VectorCapabilities,
  type VectorChunk,
  type VectorDocument,
  type VectorHit,
  type VectorQuery,
  type VectorStore,
} from "./vector-store.js"
export { WordHashEmbedder } from "./word-hash-embedder.js"
