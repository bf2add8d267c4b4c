// For those who define and read features.

// The contract of a cache.
export {
  type CacheCapabilities,
  type CommitResult,
  type DirectWrite,
  type EntityChange,
  type EntityKey,
  type EntityPage,
  type EntityRecord,
  type Epoch,
  type FeatureCache,
  REMEMBERED_WRITES,
  type StoredValue,
  type WriteResult,
} from "./cache/cache.js"
export { MemoryFeatureCache } from "./cache/memory-cache.js"
export {
  canRemove,
  type EntityRemoval,
  type RemovalResult,
  type RemovingCache,
  type Tombstone,
  type WholeRecord,
} from "./cache/removal.js"
export { newToken } from "./cache/token.js"
export { CachingEmbedder } from "./documents/caching-embedder.js"
export type { IndexOptions, RemoveOutcome } from "./documents/document-indexes.js"
// The contracts of a vector store and an embedder.
export type { Embedder } from "./documents/embedder.js"
export type { IndexOutcome } from "./documents/indexer.js"
export { MemoryVectorStore } from "./documents/memory-vector-store.js"
export type { FieldFilter, FilterValue, MetadataFilter } from "./documents/metadata-filter.js"
export {
  type FilterNode,
  matchesFilter as matchesMetadata,
  parseFilter,
  type RangeOperator,
} from "./documents/metadata-filter.js"
export { hitToWire, type SearchHit, type SearchQuery, type WireHit } from "./documents/search.js"
export type { VectorIndex, VectorIndexOptions } from "./documents/vector-index.js"
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
} from "./documents/vector-store.js"
export { WordHashEmbedder } from "./documents/word-hash-embedder.js"
export type { ReadContext, ReadFeatureOptions, ReadInput } from "./feature/computed-feature.js"
export { type Duration, parseDuration } from "./feature/duration.js"
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
} from "./feature/feature.js"
export type { AnyFeatureOptions } from "./feature/feature-definition.js"
export type { Refresh, Schedule } from "./feature/schedule.js"
export type {
  ScheduleContext,
  ScheduledFeatureOptions,
  ScheduledHandler,
  SqlFeatureOptions,
} from "./feature/scheduled-feature.js"
export { decodeValue, encodeValue } from "./feature/values.js"
export type { EntityValue, OfflineStore, SqlLimits, SqlRow, SqlStatement } from "./offline/offline-store.js"
export { noOfflineStore, type Sql, sqlOn } from "./offline/sql.js"
export { Registry } from "./registry.js"
// For those who write a worker or another part of Fabra.
export { type FeatureRow, type FeatureStatus, type FeatureValue, isGone, serveValue } from "./serve/serve.js"
export { withTimeout } from "./serve/timeout.js"
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
export { type EventOrigin, runInTransaction, type Transaction } from "./transaction.js"
