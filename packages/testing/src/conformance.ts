export type {
  EventBusHarness,
  EventBusSuite,
  EventBusSuiteOptions,
} from "./conformance/bus-harness.js"
export type { FeatureCacheHarness, FeatureCacheSuite } from "./conformance/cache-harness.js"
export { testEventBus } from "./conformance/event-bus.js"
export { testFeatureCache } from "./conformance/feature-cache.js"
export { MortalClock } from "./conformance/mortal-clock.js"
export type { VectorStoreHarness, VectorStoreSuite } from "./conformance/vector-harness.js"
export { testVectorStore } from "./conformance/vector-store.js"
