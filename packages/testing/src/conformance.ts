export type {
  EventBusHarness,
  EventBusSuite,
  EventBusSuiteOptions,
} from "./conformance/bus-harness.js"
export type { FeatureCacheHarness, FeatureCacheSuite } from "./conformance/cache-harness.js"
export { testEventBus } from "./conformance/event-bus.js"
export { testFeatureCache } from "./conformance/feature-cache.js"
export { MortalClock } from "./conformance/mortal-clock.js"
