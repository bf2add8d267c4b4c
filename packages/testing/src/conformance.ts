export { testEventBus } from "./conformance/bus/event-bus.js"
export type {
  EventBusHarness,
  EventBusSuite,
  EventBusSuiteOptions,
} from "./conformance/bus/harness.js"
export type {
  PartitionedLogHarness,
  PartitionedLogSuite,
  PartitionedLogSuiteOptions,
} from "./conformance/bus/log/harness.js"
export { testPartitionedLog } from "./conformance/bus/log/partitioned-log.js"
export { MortalClock } from "./conformance/bus/mortal-clock.js"
export { testFeatureCache } from "./conformance/cache/feature-cache.js"
export type { FeatureCacheHarness, FeatureCacheSuite } from "./conformance/cache/harness.js"
export type { VectorStoreHarness, VectorStoreSuite } from "./conformance/vectors/harness.js"
export { testVectorStore } from "./conformance/vectors/vector-store.js"
