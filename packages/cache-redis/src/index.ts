export { cacheAccess } from "./access.js"
export type { RedisFeatureCacheOptions } from "./options.js"
export { RedisFeatureCache } from "./redis-feature-cache.js"
