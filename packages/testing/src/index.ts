export { type RedisTestServer, startRedisServer } from "./redis-server.js"
export { TestClock } from "./test-clock.js"
export { createTestKit, type TestKit, type TestKitOptions } from "./test-kit.js"
