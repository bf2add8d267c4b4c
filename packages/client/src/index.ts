export type { SearchHit } from "@fabra/core"
export type { DeadLetterFilter, PartitionLag, ReplayOutcome } from "@fabra/events"
export { type ApiErrorDetails, type ApiIssue, FabraApiError } from "./api-error.js"
export { createClient, type FabraClient } from "./client.js"
export type { DeadLetterDetails, DeadLetterPage, DeadLetterSummary, DeadLetters } from "./dead-letters.js"
export type { Erased, EraseOptions } from "./erase.js"
export type { EntityMatches, EntityQuery } from "./find.js"
export type { AppliedNotice, AppliedNotices, Lag } from "./operate.js"
export type { CallOptions, ClientOptions, PageOptions, ReadOptions, WaitOptions } from "./options.js"
export type {
  Applied,
  EntityRow,
  EntityValues,
  EventInput,
  EventsOf,
  FeatureName,
  FeaturesOf,
  FeatureValue,
  FeatureValues,
  IndexName,
  Ingested,
  IngestResult,
  ManyInput,
  OnWire,
  SearchQuery,
} from "./types.js"
