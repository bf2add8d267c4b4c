import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { type RedisTestServer, startRedisServer } from "@fabra/testing"
import { Redis } from "ioredis"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type MetricDefinition, metricDefinitions } from "../src/index.js"
import { type Exposition, scrape } from "./exposition.js"
import { shop } from "./shop.js"

const PURCHASES = 300
const REFUNDS = 30
/** Fail once, and are applied at the second try. */
const RETRIED = 10
/** Fail at each of three tries. */
const LOST = 5

let server: RedisTestServer
let bus: RedisEventBus
const workers: ChildProcess[] = []
/** One scrape of each of the two workers, when all is done. */
let pages: Exposition[]

beforeAll(async () => {
  server = await startRedisServer()
  const namespace = server.namespace()
  bus = new RedisEventBus({ url: server.url, namespace })
  const urls = await Promise.all([startWorker(namespace), startWorker(namespace)])
  await until(async () => new Set(await owners()).size === 2)
  const { store, purchase, refund, count } = shop()
  const users = Array.from({ length: 20 }, (_, i) => `user_${i}`)
  const user = (i: number) => users[i % users.length] as string
  const payloads = Array.from({ length: REFUNDS }, (_, i) => ({ fails: i < LOST ? 99 : i < LOST + RETRIED ? 1 : 0 }))
  await bus.publish([
    ...Array.from({ length: PURCHASES }, (_, i) => purchase.create({ entityId: user(i), payload: { amount: i } })),
    ...payloads.map((payload, i) => refund.create({ entityId: user(i), payload })),
  ])
  await publishNonsense(namespace)
  const cache = new RedisFeatureCache({ url: server.url, namespace })
  store.connect({ cache })
  await until(async () => {
    const rows = await store.getFeatures([count], users)
    const applied = rows.reduce((sum, { features }) => sum + features.event_count.value, 0)
    return applied === PURCHASES + REFUNDS && (await bus.deadLetters.stats()).count === LOST + 1
  })
  await cache.close()
  await until(async () => {
    pages = await Promise.all(urls.map(scrape))
    return total("fabra_events_processed_total") === PURCHASES + REFUNDS + 1
  })
})

afterAll(async () => {
  for (const worker of workers) worker.kill()
  await Promise.all(workers.map((worker) => worker.exitCode ?? once(worker, "exit")))
  await bus.close()
  await server.stop()
})

async function startWorker(namespace: string): Promise<string> {
  const script = fileURLToPath(new URL("./worker-process.ts", import.meta.url))
  const worker = fork(script, [server.url, namespace], { execArgv: ["--import", "tsx"] })
  workers.push(worker)
  const [url] = await once(worker, "message")
  return url
}

async function owners(): Promise<(string | null)[]> {
  return (await bus.lag("fabra_workers").catch(() => [])).map(({ owner }) => owner)
}

/** Anybody may write to a stream. */
async function publishNonsense(namespace: string): Promise<void> {
  const redis = new Redis(server.url)
  const [stream] = await redis.keys(`${namespace}:events:*`)
  await redis.xadd(stream as string, "*", "data", "no event at all")
  await redis.quit()
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await delay(20)
}

/** The sum over both processes, as Prometheus would make it. */
function total(name: string, labels: Record<string, string> = {}): number {
  return pages.reduce((sum, page) => sum + (page.sum(name, labels) ?? 0), 0)
}

test("what two workers have counted is what has happened", () => {
  const processed = "fabra_events_processed_total"
  expect(total(processed, { event_type: "purchase" })).toBe(PURCHASES)
  expect(total(processed, { event_type: "refund" })).toBe(REFUNDS)
  expect(total(processed, { event_type: "other" })).toBe(1)
  const failed = "fabra_events_failed_total"
  expect(total(failed, { event_type: "purchase" })).toBe(0)
  expect(total(failed, { event_type: "refund" })).toBe(LOST)
  expect(total(failed, { event_type: "other" })).toBe(1)
  for (const name of ["fabra_event_processing_seconds", "fabra_feature_freshness_seconds"]) {
    expect(total(`${name}_count`)).toBe(PURCHASES + REFUNDS)
    expect(total(`${name}_bucket`, { le: "+Inf" })).toBe(PURCHASES + REFUNDS)
  }
  expect(total("fabra_feature_failures_total", { feature: "refunds" })).toBe(RETRIED + 3 * LOST)
  expect(total("fabra_feature_retries_total", { feature: "refunds" })).toBe(RETRIED + 2 * LOST)
  expect(total("fabra_dead_letters_total", { reason: "handler_failed" })).toBe(LOST)
  expect(total("fabra_dead_letters_total", { reason: "invalid_event" })).toBe(1)
  expect(total("fabra_read_batch_events_sum")).toBe(PURCHASES + REFUNDS + 1)
  expect(total("fabra_lanes_blocked")).toBe(0)
  for (const name of ["fabra_events_repeated_total", "fabra_cache_rollbacks_total"]) expect(total(name)).toBe(0)
})

test("each process has its share, and both of them did something", () => {
  for (const page of pages) {
    expect(page.sum("fabra_events_processed_total")).toBeGreaterThan(0)
    expect(page.sum("fabra_commits_total", { result: "applied" })).toBeGreaterThan(0)
    expect(page.sum("fabra_cache_call_seconds_count", { operation: "commit" })).toBeGreaterThan(0)
  }
})

test("partitions are owned once, and the bus tells each worker the same of all of them", async () => {
  const partitions = (await owners()).length
  expect(total("fabra_partitions_owned")).toBe(partitions)
  expect(total("fabra_rebalances_total", { change: "assigned" }) - partitions).toBe(
    total("fabra_rebalances_total", { change: "released" }),
  )
  for (const page of pages) {
    expect(page.sum("fabra_bus_up")).toBe(1)
    expect(page.values("fabra_partition_lag_events", "partition")).toHaveLength(partitions)
    expect(page.sum("fabra_partitions_unowned")).toBe(0)
    expect(page.sum("fabra_dead_letter_queue_entries")).toBe(LOST + 1)
    expect(page.sum("fabra_dead_letter_queue_oldest_age_seconds")).toBeGreaterThan(0)
  }
})

test("every metric of a worker is there, with the labels it is said to have", () => {
  const { httpRequests: _, ...ofWorkers } = metricDefinitions
  for (const { name, type, labels } of Object.values<MetricDefinition>(ofWorkers)) {
    const series = type === "histogram" ? `${name}_count` : name
    const samples = pages.flatMap((page) => page.samples.filter((sample) => sample.name === series))
    expect(samples, name).not.toHaveLength(0)
    for (const sample of samples) expect(Object.keys(sample.labels).sort()).toEqual([...labels].sort())
  }
})
