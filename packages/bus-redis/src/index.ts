export { createRedisClient } from "@fabra/redis-transport"
export { busAccess } from "./access.js"
export type { RedisEventBusOptions, ReplicaRule } from "./options.js"
export { RedisEventBus } from "./redis-bus.js"
