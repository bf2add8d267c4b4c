import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { createClient } from "@fabra/client"
import { type FeatureCache, FeatureStore, MemoryFeatureCache } from "@fabra/core"
import { defineEvent, type EventBus, MemoryEventBus } from "@fabra/events"
import { createServer } from "@fabra/server"
import { silent } from "@fabra/test-support"
import { startRedisServer } from "@fabra/testing"
import { AxiomWorker } from "@fabra/worker"
import { expect, onTestFinished, test } from "vitest"
import { z } from "zod"
import { aggregate, count, mean, sum } from "../src/index.js"

const purchase = defineEvent("purchase", z.object({ amount: z.number() }))

async function start({ bus, cache }: { readonly bus: EventBus; readonly cache: FeatureCache }) {
  const store = new FeatureStore({ bus, cache })
  const User = store.entity("User", { key: "user_id" })
  const spend = aggregate(store, "spend", {
    entity: User,
    trigger: purchase,
    value: ({ payload }) => payload.amount,
    windows: ["1h", "30d"],
    aggregates: { sum: sum(), count: count(), mean: mean() },
  })
  const worker = new AxiomWorker(store, { logger: silent, retryBaseMs: 1, retryMaxMs: 5 })
  const running = worker.run()
  onTestFinished(async () => {
    await worker.stop()
    await running
  })
  const server = createServer(store, { bus, logger: silent, port: 0 })
  const { url } = await server.listen()
  onTestFinished(() => server.close())
  return { store, spend, worker, url }
}

const inMemory = () => start({ bus: new MemoryEventBus({ partitions: 2 }), cache: new MemoryFeatureCache() })

async function post(url: string, body: object) {
  const headers = { "content-type": "application/json" }
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })
  return (await answer.json()) as any
}

test("over HTTP windows are waited for, tried in a dry run, listed and read like any feature", async () => {
  const { url } = await inMemory()
  const applied = await post(`${url}/ingest/purchase?wait=applied&timeout=30s`, {
    entity_id: "ann",
    payload: { amount: 5 },
  })
  expect(applied).toMatchObject({ applied: true, features: { spend_sum_1h: { value: 5, status: "PRESENT" } } })
  expect(Object.keys(applied.features)).toHaveLength(6)

  const dry = await post(`${url}/ingest/purchase?dry_run=true`, { entity_id: "ann", payload: { amount: 2 } })
  expect(dry.changes).toContainEqual({
    entity: "User",
    entity_id: "ann",
    feature: "spend_mean_30d",
    before: expect.objectContaining({ value: 5, status: "PRESENT" }),
    after: expect.objectContaining({ value: 3.5, status: "PRESENT" }),
  })
  const catalog = (await (await fetch(`${url}/catalog`)).json()) as any
  expect(catalog.features).toContainEqual(
    expect.objectContaining({ name: "spend_mean_30d", about: "mean over the last 30d", triggers: ["purchase"] }),
  )
  expect(catalog.events[0].features).toHaveLength(6)
})

test("a value that has not changed keeps its ETag, although it is made anew with each read", async () => {
  const { url } = await inMemory()
  const buy = (amount: number) =>
    post(`${url}/ingest/purchase?wait=applied&timeout=30s`, { entity_id: "ann", payload: { amount } })
  await buy(5)
  const read = (headers: Record<string, string> = {}) => fetch(`${url}/features/User/ann`, { headers })
  const first = await read()
  const etag = first.headers.get("etag") as string
  expect(await first.json()).toMatchObject({ features: { spend_sum_1h: { value: 5 } } })
  expect((await read({ "if-none-match": etag })).status).toBe(304)
  await buy(1)
  const after = await read({ "if-none-match": etag })
  expect(after.status).toBe(200)
  expect(await after.json()).toMatchObject({ features: { spend_sum_1h: { value: 6 } } })
})

test("a failed event is a dead letter of the aggregation, and says so to whoever waits", async () => {
  const bus = new MemoryEventBus({ partitions: 2 })
  const store = new FeatureStore({ bus, cache: new MemoryFeatureCache() })
  const User = store.entity("User", { key: "user_id" })
  const options = { entity: User, trigger: "raw", windows: ["1h"], aggregates: { sum: sum() } } as const
  aggregate(store, "raw", { ...options, maxRetries: 0, value: ({ payload }) => payload.amount as number })
  const worker = new AxiomWorker(store, { logger: silent })
  const running = worker.run()
  const server = createServer(store, { bus, logger: silent, port: 0 })
  const { url } = await server.listen()
  onTestFinished(async () => {
    await server.close()
    await worker.stop()
    await running
  })
  const answer = await post(`${url}/ingest/raw?wait=applied&timeout=30s`, {
    entity_id: "ann",
    payload: { amount: "1" },
  })
  expect(answer).toMatchObject({
    applied: false,
    dead_lettered: ["raw"],
    features: { raw_sum_1h: { value: 0, status: "DEFAULT" } },
  })
})

test("on Redis, and through the client, a busy window is exact but for its edge", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const options = { url: redis.url, namespace: redis.namespace() }
  const bus = new RedisEventBus({ ...options, partitions: 2 })
  const cache = new RedisFeatureCache(options)
  onTestFinished(async () => {
    await bus.close()
    await cache.close()
  })
  const { spend, worker, url } = await start({ bus, cache })
  const [now, day] = [Date.now(), 86_400_000]
  const times = Array.from({ length: 3100 }, (_, i) => now - 31 * day + i * (day / 100))
  const events = times.map((timestamp) => purchase.create({ entityId: "ann", payload: { amount: 0.5 }, timestamp }))
  await Promise.all(events.map((event) => bus.publish(event)))
  await worker.idle()
  const client = createClient({ url })
  const names = [spend.count["30d"], spend.sum["30d"], spend.count["1h"]].map(({ name }) => name)
  const { spend_count_30d, spend_sum_30d, spend_count_1h } = (await client.getFeatures(names, {
    user_id: "ann",
  })) as any
  const covered = times.filter((time) => time > Date.now() - 30 * day).length
  const [value, { toleranceMs }] = [spend_count_30d.value, spend_count_30d]
  expect(value).toBeGreaterThanOrEqual(covered)
  expect(value).toBeLessThanOrEqual(covered + 50) // as many as are in a hop of half a day
  expect(toleranceMs).toBeGreaterThan(0)
  expect(toleranceMs).toBeLessThanOrEqual(day / 2)
  expect(spend_sum_30d.value).toBe(value / 2)
  expect(spend_count_1h).not.toHaveProperty("toleranceMs")
})
