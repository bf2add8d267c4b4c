// For those who define features, read them, and search.

export type { FeatureCache } from "./cache/cache.js"
export { MemoryFeatureCache } from "./cache/memory-cache.js"
export { CachingEmbedder } from "./documents/caching-embedder.js"
export type { IndexOptions, RemoveOutcome } from "./documents/document-indexes.js"
export type { Embedder } from "./documents/embedder.js"
export type { IndexOutcome } from "./documents/indexer.js"
export { MemoryVectorStore } from "./documents/memory-vector-store.js"
export type { FieldFilter, FilterValue, MetadataFilter } from "./documents/metadata-filter.js"
export type { SearchHit, SearchQuery } from "./documents/search.js"
export type { VectorIndex, VectorIndexOptions } from "./documents/vector-index.js"
export type { Metric, VectorStore } from "./documents/vector-store.js"
export { WordHashEmbedder } from "./documents/word-hash-embedder.js"
export type { ReadContext, ReadFeatureOptions, ReadInput } from "./feature/computed-feature.js"
export type { Duration } from "./feature/duration.js"
export type {
  AgeOptions,
  Computed,
  Entity,
  EntityKeyFunction,
  Feature,
  FeatureContext,
  FeatureOptions,
  PublishedEvent,
  Trigger,
  TriggerEvent,
} from "./feature/feature.js"
export type { AnyFeatureOptions } from "./feature/feature-definition.js"
export type { Refresh, Schedule } from "./feature/schedule.js"
export type { ScheduleContext, ScheduledFeatureOptions, SqlFeatureOptions } from "./feature/scheduled-feature.js"
export type { EntityValue, OfflineStore, SqlRow } from "./offline/offline-store.js"
export type { Sql } from "./offline/sql.js"
export type { EntityMatches, EntityQuery } from "./serve/find-entities.js"
export type { FeatureRow, FeatureStatus, FeatureValue } from "./serve/serve.js"
export { FeatureStore, type ReadOptions, type SetOptions } from "./store.js"
export type { FeatureStoreOptions } from "./store-parts.js"
export { consoleLogger, type Logger, type Telemetry } from "./telemetry.js"
