export { type RedisClusterOptions, type RedisTestCluster, startRedisCluster } from "./redis-cluster.js"
export { type RedisServerOptions, type RedisTestServer, startRedisServer } from "./redis-server.js"
export { TestClock } from "./test-clock.js"
export { createTestKit, type TestKit, type TestKitOptions } from "./test-kit.js"
