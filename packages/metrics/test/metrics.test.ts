import { once } from "node:events"
import { get, type IncomingMessage } from "node:http"
import { FeatureStore } from "@fabra/core"
import { createEvent, FabraError, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import { Counter, Registry } from "prom-client"
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest"
import { createMetrics, ProcessSum } from "../src/index.js"
import { Exposition, scrape } from "./exposition.js"

afterEach(() => {
  vi.useRealTimers()
})

test("the app's own registry has both its metrics and ours, and none of Node's that it did not ask for", async () => {
  const registry = new Registry()
  new Counter({ name: "app_logins_total", help: "Logins.", registers: [registry] }).inc()
  const metrics = createMetrics({ registry })
  const page = new Exposition(await metrics.text())
  expect(page.sum("app_logins_total")).toBe(1)
  expect(page.sum("fabra_lanes_blocked")).toBe(0)
  expect(page.sum("process_start_time_seconds")).toBeUndefined()
  expect(() => createMetrics({ registry })).toThrow("already been registered")
})

test("a registry of our own has Node's metrics too", async () => {
  const page = new Exposition(await createMetrics().text())
  expect(page.sum("process_start_time_seconds")).toBeGreaterThan(0)
})

test("event types of the store begin at 0; all others share one label", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const { telemetry, text } = createMetrics({ store })
  store.feature("n", { entity: User, trigger: ["purchase", "refund"], compute: () => 1 })
  const applied = {
    entityType: "User",
    partition: 0,
    entityId: "ann",
    featuresUpdated: [],
    featuresFailed: [],
    attempts: 1,
    repeated: false,
    durationMs: 1,
    freshnessMs: 1,
  }
  for (let i = 0; i < 100; i++) {
    telemetry.eventApplied?.({ ...applied, event: createEvent({ eventType: `made_up_${i}`, entityId: "ann" }) })
  }
  const page = new Exposition(await text())
  expect(page.values("fabra_events_processed_total", "event_type")).toEqual(["other", "purchase", "refund"])
  expect(page.sum("fabra_events_processed_total", { event_type: "refund" })).toBe(0)
  expect(page.sum("fabra_events_processed_total", { event_type: "other" })).toBe(100)
})

test("entities that were removed are counted by type", async () => {
  const { telemetry, text } = createMetrics()
  for (const records of [2, 3]) telemetry.recordsRemoved?.({ entityType: "User", records })
  expect(new Exposition(await text()).sum("fabra_records_removed_total", { entity_type: "User" })).toBe(5)
})

test("without a store, event types are those that workers know: made-up ones are no label", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  store.feature("n", { entity: User, trigger: "purchase", compute: () => 1 })
  const bus = new MemoryEventBus({ partitions: 2 })
  const { telemetry, text } = createMetrics()
  const worker = new AxiomWorker(store, { bus, telemetry, logger: silent })
  const running = worker.run()
  for (const eventType of ["purchase", "made_up", "other_made_up"]) {
    await bus.publish(createEvent({ eventType, entityId: "ann" }))
  }
  await worker.idle()
  await worker.stop()
  await running
  const page = new Exposition(await text())
  expect(page.values("fabra_events_processed_total", "event_type")).toEqual(["other", "purchase"])
  expect(page.sum("fabra_events_processed_total")).toBe(1)
})

test("values of a histogram fall into the bucket whose bound they do not exceed", async () => {
  const { telemetry, text } = createMetrics()
  const event = createEvent({ eventType: "x", entityId: "ann" })
  const applied = {
    event,
    entityType: "User",
    entityId: "ann",
    partition: 0,
    featuresUpdated: [],
    featuresFailed: [],
    attempts: 1,
  }
  for (const durationMs of [0, 1, 2, 5, 30_000, 30_001]) {
    telemetry.eventApplied?.({ ...applied, repeated: false, durationMs, freshnessMs: 0 })
  }
  const name = "fabra_event_processing_seconds"
  const page = new Exposition(await text())
  const upTo = (le: string) => page.sum(`${name}_bucket`, { le })
  expect(["0.001", "0.0025", "0.005", "10", "30", "+Inf"].map(upTo)).toEqual([2, 3, 4, 4, 5, 6])
  expect(page.sum(`${name}_count`)).toBe(6)
  expect(page.sum(`${name}_sum`)).toBeCloseTo(60.009)
})

test("HTTP requests are told by route; what has none shares one label, whatever its path and method", async () => {
  const { requestEnded, text } = createMetrics()
  requestEnded({ method: "POST", route: "/ingest/:event_type", status: 202, durationMs: 2 })
  for (const method of ["GET", "PROPFIND", "MKCOL"]) {
    requestEnded({ method, route: undefined, status: 404, durationMs: 1 })
  }
  const page = new Exposition(await text())
  const name = "fabra_http_request_seconds_count"
  expect(page.sum(name, { method: "POST", route: "/ingest/:event_type", status: "202" })).toBe(1)
  expect(page.sum(name, { method: "other", route: "other", status: "404" })).toBe(3)
})

test("an embedder's calls, texts and tokens are counted, also by one that counts no tokens itself", async () => {
  const { countEmbedder, text } = createMetrics()
  class Lengths {
    readonly id = "lengths"
    readonly dimensions = 1
    readonly #factor = 2
    async embed(texts: readonly string[]) {
      if (texts.includes("bad")) throw new FabraError("timeout", "no")
      return texts.map(({ length }) => new Float32Array([length * this.#factor]))
    }
  }
  class Counting extends Lengths {
    readonly #tokens = 10
    countTokens() {
      return this.#tokens
    }
  }
  const plain = countEmbedder(new Lengths())
  expect(plain).toMatchObject({ id: "lengths", dimensions: 1 })
  expect(plain.countTokens).toBeUndefined()
  expect(await plain.embed(["abcd", "äöü"])).toEqual([new Float32Array([8]), new Float32Array([6])])
  const counting = countEmbedder(new Counting())
  expect(counting.countTokens?.("x")).toBe(10)
  await counting.embed(["x"])
  await expect(counting.embed(["bad"])).rejects.toThrow("no")
  const page = new Exposition(await text())
  expect(page.sum("fabra_embedding_call_seconds_count")).toBe(3)
  expect(page.sum("fabra_embedding_call_failures_total")).toBe(1)
  expect(page.sum("fabra_embedding_texts_total")).toBe(3)
  expect(page.sum("fabra_embedding_tokens_total")).toBe(1 + 2 + 10)
})

/** A bus of which only what metrics ask for can be asked. */
function statusBus(answer: () => Promise<unknown>) {
  const lag = vi.fn(async () => {
    await answer()
    return [
      { partition: 0, events: 7, oldestAgeMs: 1500, owner: "worker-1", ownedMs: 2500, quarantined: 3 },
      { partition: 1, events: 0, oldestAgeMs: null, owner: null, ownedMs: null, quarantined: 0 },
    ]
  })
  return { lag, deadLetters: { stats: async () => ({ count: 2, oldestAt: Date.now() - 60_000 }) } } as never
}

test("lag and dead letters are read when scraped, once for all who scrape at about the same time", async () => {
  const bus = statusBus(async () => {}) as { lag: ReturnType<typeof vi.fn> }
  const { text } = createMetrics({ bus: bus as never, group: "money" })
  const [page] = (await Promise.all([text(), text(), text()])).map((one) => new Exposition(one))
  expect(bus.lag).toHaveBeenCalledTimes(1)
  expect(bus.lag).toHaveBeenCalledWith("money")
  expect(page?.sum("fabra_bus_up")).toBe(1)
  expect(page?.sum("fabra_partition_lag_events", { group: "money", partition: "0" })).toBe(7)
  expect(page?.sum("fabra_partition_lag_seconds", { group: "money", partition: "0" })).toBe(1.5)
  expect(page?.sum("fabra_partition_lag_seconds", { group: "money", partition: "1" })).toBe(0)
  expect(page?.sum("fabra_partition_owned_seconds", { group: "money" })).toBe(2.5)
  expect(page?.sum("fabra_partition_quarantined_events", { group: "money" })).toBe(3)
  expect(page?.sum("fabra_partitions_unowned", { group: "money" })).toBe(1)
  expect(page?.sum("fabra_dead_letter_queue_entries")).toBe(2)
  expect(page?.sum("fabra_dead_letter_queue_oldest_age_seconds")).toBeGreaterThanOrEqual(60)
})

test.each([
  ["does not answer", () => new Promise(() => {})],
  ["fails", () => Promise.reject(new FabraError("bus_unavailable", "gone"))],
])("when the bus %s, the scrape says so and tells no figure of before", async (_what, fault) => {
  vi.useFakeTimers()
  let answer: () => Promise<unknown> = async () => {}
  const { text } = createMetrics({ bus: statusBus(() => answer()) })
  expect(new Exposition(await text()).sum("fabra_partition_lag_events")).toBe(7)
  answer = fault
  vi.advanceTimersByTime(1001) // what was read before is too old now
  const scraped = text()
  await vi.advanceTimersByTimeAsync(2000)
  const page = new Exposition(await scraped)
  expect(page.sum("fabra_bus_up")).toBe(0)
  for (const name of ["fabra_partition_lag_events", "fabra_partitions_unowned", "fabra_dead_letter_queue_entries"]) {
    expect(page.sum(name)).toBeUndefined()
  }
  expect(page.sum("fabra_lanes_blocked")).toBe(0)
})

test("a group that no worker has joined yet has no lag, and the bus is up", async () => {
  const { text } = createMetrics({ bus: new MemoryEventBus() })
  const page = new Exposition(await text())
  expect(page.sum("fabra_bus_up")).toBe(1)
  expect(page.sum("fabra_partition_lag_events")).toBeUndefined()
})

test("the endpoint serves /metrics and nothing else, and says why it cannot", async () => {
  const metrics = createMetrics()
  await using endpoint = await metrics.serve(0)
  const { port } = new URL(endpoint.url)
  expect((await scrape(`${endpoint.url}?x=1`)).sum("fabra_lanes_blocked")).toBe(0)
  const response = await fetch(endpoint.url)
  expect(response.headers.get("content-type")).toBe(metrics.contentType)
  expect((await fetch(new URL("/", endpoint.url))).status).toBe(404)
  expect((await fetch(endpoint.url, { method: "POST" })).status).toBe(405)
  await expect(metrics.serve(Number(port))).rejects.toMatchObject({ code: "invalid_setting", path: "port" })
  await endpoint.close()
  await endpoint.close()
  await expect(fetch(endpoint.url)).rejects.toThrow()
})

test("a page on loopback is served to loopback names only, one for others to whoever asks", async () => {
  const statusFor = async (url: string, host: string) => {
    const [response] = (await once(get(url, { headers: { host } }), "response")) as [IncomingMessage]
    return response.resume().statusCode
  }
  const metrics = createMetrics()
  await using local = await metrics.serve(0)
  const names = [
    "localhost:9464",
    "127.0.0.1",
    "[::1]:9464",
    "evil.example:9464",
    "127.0.0.1.evil.example",
    "localhost.evil",
  ]
  expect(await Promise.all(names.map((name) => statusFor(local.url, name)))).toEqual([200, 200, 200, 421, 421, 421])
  await using open = await metrics.serve(0, "0.0.0.0")
  expect(await statusFor(open.url.replace("0.0.0.0", "127.0.0.1"), "worker-1:9464")).toBe(200)
})

test("a scrape that fails is answered with the reason", async () => {
  const registry = new Registry()
  onTestFinished(() => registry.clear())
  const metrics = createMetrics({ registry })
  new Counter({
    name: "app_broken_total",
    help: "Fails.",
    registers: [registry],
    collect() {
      throw new Error("no number today")
    },
  })
  await using endpoint = await metrics.serve(0)
  const response = await fetch(endpoint.url)
  expect([response.status, await response.text()]).toEqual([500, "no number today\n"])
})

describe("one page for several processes", () => {
  const counting = (commits: number) => {
    const metrics = createMetrics({ registry: new Registry() })
    const count = (applied: number) =>
      metrics.telemetry.committed?.({ applied, conflicts: 0, unknown: 0, durationMs: 1, events: () => [] })
    count(commits)
    metrics.telemetry.laneBlocked?.({ partition: 0, entityType: "User", entityId: "ann" })
    return { ask: async () => structuredClone(await metrics.snapshot()), count }
  }
  const applied = (page: Exposition) => page.sum("fabra_commits_total", { result: "applied" })

  test("adds up, and keeps what those that have ended had counted", async () => {
    const sum = new ProcessSum()
    const ends = [counting(2), counting(3)].map(({ ask }) => sum.add(ask))
    const page = new Exposition(await sum.text())
    expect(applied(page)).toBe(5)
    expect(page.sum("fabra_lanes_blocked")).toBe(2)
    await Promise.all(ends.map((end) => end()))
    sum.add(counting(10).ask)
    const later = new Exposition(await sum.text())
    expect(applied(later)).toBe(15)
    // What a process has, and has not counted, goes with it.
    expect(later.sum("fabra_lanes_blocked")).toBe(1)
  })

  test("has what a process said before while that does not answer", async () => {
    vi.useFakeTimers()
    const sum = new ProcessSum()
    const { ask, count } = counting(2)
    let hangs = false
    sum.add(() => (hangs ? new Promise(() => {}) : ask()))
    sum.add(() => Promise.reject(new Error("just gone")))
    expect(applied(new Exposition(await sum.text()))).toBe(2)
    count(1)
    hangs = true
    const text = sum.text()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(applied(new Exposition(await text))).toBe(2)
  })
})
