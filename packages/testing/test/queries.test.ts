import {
  type EntityValue,
  FeatureStore,
  MemoryFeatureCache,
  type OfflineStore,
  type SqlFeatureOptions,
} from "@fabra/core"
import { FabraError, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { AxiomWorker, ScheduleBook } from "@fabra/worker"
import { expect, onTestFinished, test } from "vitest"
import { createTestKit, TestClock } from "../src/index.js"

const TURN = Date.parse("2026-01-01T00:00:00Z")

/** An offline store that yields what `pages` gives for each time it is asked; `asked` says after which id it was. */
function offlineOf(pages: (time: number) => AsyncIterable<readonly EntityValue[]>) {
  const asked: (string | undefined)[] = []
  const offline: OfflineStore = {
    name: "test",
    query: async () => [{ n: 7 }],
    checkQuery: async () => {},
    entityValues: (_text, { after }) => pages(asked.push(after)),
    close: async () => {},
  }
  return { offline, asked }
}

const rows = (from: number, to: number, value: unknown = 1) =>
  Array.from({ length: to - from }, (_, i) => ({ entityId: `u${10_000 + from + i}`, value }))

function setup(offline: OfflineStore, options: Partial<SqlFeatureOptions<unknown>> = {}) {
  const clock = new TestClock(TURN + 1)
  const cache = new MemoryFeatureCache()
  const store = new FeatureStore({ cache, clock, offline })
  const User = store.entity("User", { key: "user_id" })
  const stats = store.feature("stats", { entity: User, refresh: "1h", materialize: true, sql: "select …", ...options })
  const start = (consumer: string) => {
    const bus = new MemoryEventBus({ clock })
    const worker = new AxiomWorker(store, { bus, clock, consumer, logger: silent, retryBaseMs: 0, leaseMs: 5000 })
    worker.run()
    onTestFinished(() => worker.stop())
    return worker
  }
  const book = new ScheduleBook(cache)
  const history = async () => (await book.read("stats")).state.history
  return { clock, cache, store, stats, start, history, book }
}

test("a query's values are the feature's, of entities known or not, as old as the query", async () => {
  const { offline, asked } = offlineOf(async function* () {
    yield rows(0, 500)
    yield [{ entityId: "zoe", value: { spent: 3n } }]
  })
  const { clock, store, stats, start, history } = setup(offline)
  start("a")
  await clock.advance(1000)
  expect(asked).toEqual([undefined])
  expect(await history()).toMatchObject([{ entities: 501, failed: 0, error: null }])
  expect(await store.getFeatureValue(stats, "zoe")).toMatchObject({ value: { spent: 3n }, status: "PRESENT" })
  expect(await store.getFeature(stats, "u10499")).toBe(1)
})

test("a query that fails on the way goes on from there; one that is wrong ends the run", async () => {
  const { offline, asked } = offlineOf(async function* (time) {
    if (time === 1) yield rows(0, 500)
    if (time < 3) throw new FabraError("offline_unavailable", "gone")
    yield rows(500, 501)
  })
  const { clock, start, history } = setup(offline)
  start("a")
  await clock.advance(1000)
  expect(asked).toEqual([undefined, "u10499", "u10499"])
  expect(await history()).toMatchObject([{ entities: 501, failed: 0, error: null }])

  const wrong = offlineOf(async function* () {
    yield rows(0, 500)
    yield rows(499, 501)
  })
  const other = setup(wrong.offline)
  other.start("a")
  await other.clock.advance(1000)
  expect(wrong.asked).toEqual([undefined])
  expect(await other.history()).toMatchObject([
    { entities: 500, error: expect.stringContaining('yields the entity_id "u10499" twice') },
  ])
  await other.clock.advance(3_600_000)
  expect(wrong.asked).toHaveLength(2) // the next turn tries anew
})

test("a database that does not answer for long is waited for", async () => {
  const { offline, asked } = offlineOf(async function* (time) {
    if (time === 1) yield rows(0, 500)
    if (time < 9) throw new FabraError("offline_unavailable", "gone")
    yield rows(500, 501)
  })
  const { clock, start, history, book } = setup(offline, { maxRetries: 2 })
  start("a")
  await clock.advance(1000)
  expect((await book.read("stats")).state.run).toMatchObject({ entities: 500, error: "gone" })
  await clock.advance(9000)
  expect(asked).toEqual([undefined, ...Array(8).fill("u10499")])
  expect(await history()).toMatchObject([{ entities: 501, failed: 0, error: null, complete: true }])
})

test("a value that cannot be kept fails alone, what is no id the run", async () => {
  const { offline } = offlineOf(async function* (time) {
    yield time === 1 ? [...rows(0, 1, Number.NaN), ...rows(1, 2)] : [{ entityId: "", value: 1 }]
  })
  const { clock, store, stats, start, history } = setup(offline)
  start("a")
  await clock.advance(1000)
  expect(await history()).toMatchObject([{ entities: 2, failed: 1, error: expect.stringContaining("NaN") }])
  expect(await store.getFeature(stats, "u10001")).toBe(1)
  await clock.advance(3_600_000)
  expect((await history())[0]).toMatchObject({ error: expect.stringContaining("what is no id") })
})

test("who has lost the run while the query took its time overwrites nothing", async () => {
  let goOn = () => {}
  const slow = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const { offline } = offlineOf(async function* (time) {
    if (time === 1) await slow
    yield rows(0, 1, time === 1 ? "old" : "new")
  })
  const { clock, store, stats, start, history, book } = setup(offline)
  const first = start("a")
  await clock.advance(1000)
  // Another has taken it over, as after a stall of this process.
  const entry = await book.read("stats")
  await book.write("stats", entry, { ...entry.state, run: { ...(entry.state.run as object), owner: null } as never })
  start("b")
  await clock.advance(1000)
  expect(await history()).toMatchObject([{ entities: 1 }])
  goOn()
  await first.schedulesIdle()
  expect(await store.getFeature(stats, "u10000")).toBe("new")
})

test("a query that takes longer than a lease keeps the run", async () => {
  let goOn = () => {}
  const slow = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const { offline, asked } = offlineOf(async function* () {
    await slow
    yield rows(0, 1)
  })
  const { clock, start } = setup(offline)
  start("a")
  await clock.advance(1000)
  const b = start("b")
  await clock.advance(60_000)
  goOn()
  await b.schedulesIdle()
  expect(asked).toEqual([undefined])
})

test("handlers of every kind have sql, and in a test kit what answers is the test's", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const compute = async (
    _id: string,
    { sql }: { sql: <Row extends object>(text: TemplateStringsArray) => Promise<Row[]> },
  ) => (await sql<{ n: number }>`select 7 as n`)[0]?.n
  const onEvent = store.feature("on_event", {
    entity: User,
    trigger: "purchase",
    compute: (id, _event, context) => compute(id, context),
  })
  const onRead = store.feature("on_read", { entity: User, compute })
  const onSchedule = store.feature("on_schedule", { entity: User, refresh: "1h", materialize: true, compute })
  store.connect({ offline: offlineOf(async function* () {}).offline })
  const kit = createTestKit(store)
  onTestFinished(() => kit.close())
  await kit.give({ eventType: "purchase", entityId: "u", payload: {}, timestamp: new Date(0), eventId: "e" } as never)
  await kit.advance("1h")
  expect([await kit.read(onEvent, "u"), await kit.read(onRead, "u"), await kit.read(onSchedule, "u")]).toEqual([
    7, 7, 7,
  ])
})

test("a worker for features that are SQL needs something to ask", () => {
  const store = new FeatureStore()
  store.entity("User", { key: "user_id" })
  store.feature("stats", { entity: "User", refresh: "1h", materialize: true, sql: "select 1" })
  expect(() => new AxiomWorker(store, { bus: new MemoryEventBus() })).toThrow(
    'Feature "stats" is SQL: it needs an offline store, and there is none: set FABRA_POSTGRES_URL',
  )
})
