export type { SearchHit } from "@fabra/core"
export { type ApiErrorDetails, type ApiIssue, FabraApiError } from "./api-error.js"
export { createClient, type FabraClient, type ReadOptions, type WaitOptions } from "./client.js"
export type { CallOptions, ClientOptions } from "./options.js"
export type {
  Applied,
  EntityRow,
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
