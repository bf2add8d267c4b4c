import { TcpProxy } from "@fabra/test-support"
import { type EventBusSuiteOptions, MortalClock, testEventBus } from "@fabra/testing/conformance"
import { RedisEventBus } from "../src/index.js"
import { isExternal, TestRedis } from "./support.js"

const redis = new TestRedis()

testEventBus("RedisEventBus", {
  async create(options: EventBusSuiteOptions) {
    const namespace = redis.server.namespace()
    const ways = new Map<unknown, TcpProxy>()
    const clocks = new Map<unknown, MortalClock>()
    // Each client has a way of its own to Redis, which is cut when it is to die.
    const client = async (more: { partitions?: number } = {}) => {
      const way = await TcpProxy.to(redis.server.url)
      const clock = new MortalClock()
      const bus = new RedisEventBus({ url: way.url, namespace, commandTimeoutMs: 2_000, clock, ...options, ...more })
      ways.set(bus, way)
      clocks.set(bus, clock)
      return bus
    }
    return {
      bus: await client(),
      another: client,
      crash: (bus) => ways.get(bus)?.close(),
      suspend: (bus) => clocks.get(bus)?.suspend() ?? (() => {}),
      ...(isExternal ? {} : { restartEngine: () => redis.restart() }),
      async cleanup() {
        await Promise.all([...ways.keys()].map((bus) => (bus as RedisEventBus).close()))
        for (const way of ways.values()) way.close()
        const keys = await redis.raw.keys(`*${namespace}*`)
        if (keys.length > 0) await redis.raw.unlink(...keys)
      },
    }
  },
})
