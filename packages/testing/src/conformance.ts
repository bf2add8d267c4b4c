export { testEventBus } from "./conformance/bus/event-bus.js"
export type {
  EventBusHarness,
  EventBusSuite,
  EventBusSuiteOptions,
} from "./conformance/bus/harness.js"
export { MortalClock } from "./conformance/bus/mortal-clock.js"
export { testFeatureCache } from "./conformance/cache/feature-cache.js"
export type { FeatureCacheHarness, FeatureCacheSuite } from "./conformance/cache/harness.js"
export type { VectorStoreHarness, VectorStoreSuite } from "./conformance/vectors/harness.js"
export { testVectorStore } from "./conformance/vectors/vector-store.js"
