import { FabraError } from "@fabra/events"
import { Cluster, Redis } from "ioredis"
import { expect, test } from "vitest"
import type { RedisEventBusOptions } from "./options.js"
import { RedisEventBus } from "./redis-bus.js"

/** What a client of ioredis 6 has among its options, also where nobody names it. */
const likeVersion6 = (client: Redis) => {
  Object.assign(client.options, { protocol: 3, replyMapping: "legacy" })
  return client
}
const idle = () => new Redis({ lazyConnect: true })

test.each<[string, () => RedisEventBusOptions]>([
  ["url", () => ({ url: "redis://127.0.0.1", client: idle() })],
  ["url", () => ({ url: "127.0.0.1:6379" })],
  ["url", () => ({ url: "http://127.0.0.1:6379" })],
  ["url", () => ({ url: "redis://127.0.0.1:6379/abc" })],
  ["url", () => ({ url: "redis://127.0.0.1:6379/-1" })],
  ["url", () => ({ url: "redis://127.0.0.1:6379/1/2" })],
  ["url", () => ({ url: "redis://127.0.0.1:6379?db=abc" })],
  ["url", () => ({ url: "redis://127.0.0.1:6379?keyPrefix=app:" })],
  ["url", () => ({ url: "redis://127.0.0.1:6379/1,redis://127.0.0.1:6380/1" })],
  ["url", () => ({ url: "redis://a:b@127.0.0.1:6379,redis://127.0.0.1:6380" })],
  ["url", () => ({ url: "redis://127.0.0.1:6379," })],
  ["url", () => ({ url: "unix://" })],
  ["url", () => ({ url: "unix:///redis.sock?db=abc" })],
  ["url", () => ({ url: "unix:///a.sock,unix:///b.sock" })],
  ["url", () => ({ url: "redis+sentinel://127.0.0.1:26379" })],
  ["url", () => ({ url: "redis+sentinel://127.0.0.1:26379/mymaster/abc" })],
  ["tlsCa", () => ({ url: "redis://127.0.0.1:6379", tlsCa: "-----BEGIN CERTIFICATE-----" })],
  ["tlsCa", () => ({ client: idle(), tlsCa: "-----BEGIN CERTIFICATE-----" })],
  ["client", () => ({ client: new Redis("redis://127.0.0.1:6379/abc", { lazyConnect: true }) })],
  ["client", () => ({ client: new Cluster([], { lazyConnect: true, redisOptions: { db: 1 } }) })],
  ["client", () => ({ client: new Redis({ lazyConnect: true, keyPrefix: "app:" }) })],
  ["client", () => ({ client: new Cluster([], { lazyConnect: true, redisOptions: { keyPrefix: "app:" } }) })],
  ["client", () => ({ client: likeVersion6(new Redis({ lazyConnect: true })) })],
  ["namespace", () => ({ namespace: "has {braces}" })],
  ["partitions", () => ({ partitions: 0 })],
  ["partitions", () => ({ partitions: 2.5 })],
  ["dedupeWindowMs", () => ({ dedupeWindowMs: -1 })],
  ["maxEventBytes", () => ({ maxEventBytes: 0 })],
  ["maxEventsPerPartition", () => ({ maxEventsPerPartition: Number.NaN })],
  ["retentionMs", () => ({ retentionMs: Number.POSITIVE_INFINITY })],
  ["commandTimeoutMs", () => ({ commandTimeoutMs: 0 })],
])("refuses a bad %s at construction", (path, options) => {
  const make = () => new RedisEventBus(options())
  expect(make).toThrow(FabraError)
  expect(make).toThrow(expect.objectContaining({ path }))
})

test("does not repeat a url, which may hold a password, in its errors", () => {
  expect(() => new RedisEventBus({ url: "http://user:secret@host" })).toThrow(/^(?!.*secret)/)
})

test("connects to nothing at construction, and closes unused", async () => {
  const client = idle()
  const bus = new RedisEventBus({ client })
  expect(client.status).toBe("wait")
  await bus.close()
  await bus.close()
  expect(client.status).toBe("wait")
})
