import { FeatureStore, MemoryFeatureCache, type ScheduledFeatureOptions } from "@fabra/core"
import { createEvent, MemoryEventBus } from "@fabra/events"
import { gate, silent } from "@fabra/test-support"
import { AxiomWorker, ScheduleBook, type WorkerOptions } from "@fabra/worker"
import { expect, onTestFinished, test } from "vitest"
import { createTestKit, TestClock } from "../src/index.js"

const START = "2026-01-01T00:00:30Z"

/** Workers, each with a store of its own as in processes of their own, on one cache and by one clock. */
function fleet(options: Partial<ScheduledFeatureOptions<unknown>>) {
  const clock = new TestClock(START)
  const cache = new MemoryFeatureCache()
  const bus = new MemoryEventBus({ clock })
  const runs: string[] = []
  const book = new ScheduleBook(cache)
  const define = (name: string, more: Partial<ScheduledFeatureOptions<unknown>> = {}) => {
    const store = new FeatureStore({ cache, clock })
    const User = store.entity("User", { key: "user_id" })
    const spent = store.feature("spent", {
      entity: User,
      trigger: "purchase",
      initial: 0,
      compute: (_id, event, { current }) => current + Number(event.payload.amount),
    })
    const seen = store.feature("seen", { entity: User, initial: false })
    const compute = async (id: string, { scheduledFor }: { scheduledFor: Date }) => {
      runs.push(`${name} ${id} ${scheduledFor.toISOString().slice(11, 16)}`)
      return 2 * (await store.getFeature(spent, id))
    }
    const all = { entity: User, refresh: "5m", materialize: true, compute, ...options, ...more }
    const stats = store.feature("stats", all as ScheduledFeatureOptions<number>)
    return { store, User, spent, seen, stats }
  }
  const start = (
    name: string,
    more: Partial<ScheduledFeatureOptions<unknown>> = {},
    settings: Partial<WorkerOptions> = {},
  ) => {
    const { store } = define(name, more)
    const worker = new AxiomWorker(store, {
      bus,
      cache,
      clock,
      consumer: name,
      logger: silent,
      retryBaseMs: 0,
      ...settings,
    })
    worker.run()
    onTestFinished(() => worker.stop())
    return worker
  }
  const enter = async (...ids: string[]) => {
    const { store } = define("outside")
    for (const id of ids) await store.setFeature("seen", id, true)
  }
  const history = async () => (await book.read("stats")).state.history
  return { clock, cache, bus, runs, book, define, start, enter, history }
}

test("every known entity is computed once a turn, by one worker of the fleet", async () => {
  const { clock, runs, start, enter, define, history } = fleet({})
  await enter("ann", "bob")
  for (const name of ["a", "b", "c"]) start(name)
  await clock.advance(1000) // the turn at 0:00 was missed, and is made up for
  await clock.advance(10 * 60_000)
  expect(runs.map((run) => run.slice(2)).sort()).toEqual([
    "ann 00:00",
    "ann 00:05",
    "ann 00:10",
    "bob 00:00",
    "bob 00:05",
    "bob 00:10",
  ])
  expect(await history()).toMatchObject([
    { scheduledFor: Date.parse("2026-01-01T00:10:00Z"), entities: 2, failed: 0, error: null },
    { scheduledFor: Date.parse("2026-01-01T00:05:00Z") },
    { scheduledFor: Date.parse("2026-01-01T00:00:00Z") },
  ])
  const { store, stats } = define("reader")
  expect(await store.getFeatureValue(stats, "ann")).toMatchObject({ value: 0, status: "PRESENT", eventTime: null })
})

test("an event that comes meanwhile is never overwritten, nor left out", async () => {
  const { clock, bus, start, enter, define } = fleet({})
  await enter("ann")
  const begun = gate()
  const goOn = gate()
  const { store, spent, stats } = define("reader")
  let tries = 0
  const compute = async (id: string) => {
    const value = await store.getFeature(spent, id)
    if (tries++ === 0) {
      begun.open()
      await goOn.promise
    }
    return 2 * value
  }
  const worker = start("a", { compute })
  await clock.advance(1000)
  await begun.promise
  await bus.publish(createEvent({ eventType: "purchase", entityId: "ann", payload: { amount: 21 } }))
  await worker.idle()
  goOn.open()
  await worker.schedulesIdle()
  expect(tries).toBe(2)
  const { features } = await store.getFeatures([spent, stats], "ann")
  expect([features.spent.value, features.stats.value]).toEqual([21, 42])
  await bus.publish(createEvent({ eventType: "purchase", entityId: "ann", payload: { amount: 1 } }))
  await worker.idle()
  expect(await store.getFeature(spent, "ann")).toBe(22)
})

const ids = Array.from({ length: 1200 }, (_, i) => `u${i}`)

test("a run whose worker has died is taken over after a lease, from where it stood", async () => {
  const { clock, runs, book, start, enter, history } = fleet({})
  await enter(...ids)
  const turn = Date.parse("2026-01-01T00:00:00Z")
  const run = {
    owner: "dead",
    cursor: "500",
    startedAt: turn,
    entities: 500,
    failed: 1,
    error: "bad luck",
    request: null,
  }
  await book.write("stats", await book.read("stats"), { turn, run, history: [], answered: null })
  start("b", {}, { leaseMs: 10_000 })
  await clock.advance(9000)
  expect(runs).toEqual([])
  await clock.advance(3000)
  expect(runs.map((line) => line.split(" ")[1]).sort()).toEqual(ids.slice(500).sort())
  expect(await history()).toMatchObject([{ scheduledFor: turn, entities: 1200, failed: 1, error: "bad luck" }])
})

test("a run that takes longer than a lease stays with its worker", async () => {
  const { clock, runs, start, enter, history } = fleet({})
  await enter("ann")
  const slow = gate()
  start("a", { timeoutMs: 3_600_000, compute: () => slow.promise }, { leaseMs: 5000 })
  await clock.advance(1000)
  start("b", {}, { leaseMs: 5000 })
  await clock.advance(60_000)
  expect(runs).toEqual([])
  slow.open()
  await clock.advance(1000)
  expect(await history()).toMatchObject([{ entities: 1, failed: 0 }])
})

test("a worker that is stopped hands its run over where it stands", async () => {
  const { clock, runs, book, start, enter } = fleet({})
  await enter(...ids)
  const [reached, goOn] = [gate(), gate()]
  const first: string[] = []
  const compute = (id: string) => {
    if (first.push(id) === 100) reached.open()
    return goOn.promise.then(() => 1)
  }
  const a = start("a", { compute, concurrency: 200 })
  await clock.advance(1000)
  await reached.promise
  const stopped = a.stop()
  goOn.open()
  await stopped
  expect((await book.read("stats")).state.run).toMatchObject({ owner: null, cursor: "500", entities: 500 })
  start("b")
  await clock.advance(1000)
  expect([...first, ...runs.map((line) => line.split(" ")[1])].sort()).toEqual(ids.toSorted())
})

test("what fails is tried again, then counted, and keeps the value it has", async () => {
  let bad = false
  const { clock, start, enter, define, history } = fleet({
    maxRetries: 1,
    compute: (id) => {
      if (bad && id === "bob") throw new Error("no luck")
      return id
    },
  })
  await enter("ann", "bob")
  start("a")
  await clock.advance(1000)
  bad = true
  await clock.advance(300_000)
  const { store, stats } = define("reader")
  expect(await store.getFeature(stats, "bob")).toBe("bob")
  expect((await history())[0]).toMatchObject({ entities: 2, failed: 1, error: "no luck" })
})

test("a run that is asked for computes the last turn again, once, after the one that is under way", async () => {
  const slow = gate()
  let isSlow = false
  const { clock, runs, book, start, enter, history } = fleet({})
  await enter("ann")
  const compute = async (_id: string, { scheduledFor }: { scheduledFor: Date }) => {
    runs.push(scheduledFor.toISOString().slice(11, 16))
    if (isSlow) await slow.promise
    return 1
  }
  for (const name of ["a", "b", "c"]) start(name, { compute, timeoutMs: 3_600_000 })
  await clock.advance(1000)
  const request = await book.request("stats")
  expect(await book.request("stats")).toBe(request) // two who ask before it begins get one run
  await clock.advance(5000)
  expect(runs).toEqual(["00:00", "00:00"])
  expect(await history()).toMatchObject([{ request, complete: true }, { request: null }])

  isSlow = true
  await clock.advance(300_000) // the turn at 0:05 is under way now
  const next = await book.request("stats")
  expect(next).not.toBe(request)
  await clock.advance(5000)
  expect(runs).toEqual(["00:00", "00:00", "00:05"])
  slow.open()
  await clock.advance(5000)
  expect(runs).toEqual(["00:00", "00:00", "00:05", "00:05"])
  expect((await history())[0]).toMatchObject({ request: next })
  await clock.advance(290_000)
  expect(runs.slice(4)).toEqual(["00:10"]) // the schedule goes on as if nobody had asked
})

test("computeMany, entities of the user's own, cron and jitter", async () => {
  const asked: string[][] = []
  const { clock, start, define } = fleet({
    refresh: { cron: "30 1 * * *", timeZone: "Europe/Berlin" },
    jitter: "10m",
    compute: undefined as never,
    entities: ({ after }) => (after === undefined ? { ids: ["x", "y"], next: "2" } : { ids: ["z"], next: null }),
    computeMany: (ids) => {
      asked.push([...ids])
      return new Map(ids.filter((id) => id !== "y").map((id) => [id, id.length]))
    },
  })
  start("a")
  await clock.advance(1000)
  expect(asked).toEqual([["x", "y"], ["z"]]) // that of the last night
  await clock.advance(29 * 60_000)
  expect(asked).toHaveLength(2)
  await clock.advance(11 * 60_000)
  expect(asked).toHaveLength(4)
  const { store, stats } = define("reader")
  expect([await store.getFeature(stats, "x"), await store.getFeature(stats, "y")]).toEqual([1, undefined])
})

test.each<[what: string, page: unknown, error: RegExp]>([
  ["no page", undefined, /^entities of "stats" returns undefined: it must be \{ ids, next \}/],
  ["ids that are numbers", { ids: ["a", 17], next: null }, /^entities of "stats" returns what is no id at ids\[1\]/],
  ["an empty id", { ids: [""], next: null }, /^entities of "stats" returns what is no id at ids\[0\]/],
  ["a page without next", { ids: ["a"] }, /^entities of "stats" returns undefined as next: it must be .* or null/],
  [
    "the same next again",
    { ids: ["a"], next: "a" },
    /^entities of "stats" returns the page after "a" with the same next/,
  ],
])("entities that return %s end the run and say why", async (_what, page, error) => {
  const { clock, start, history } = fleet({ entities: (() => page) as never })
  start("a")
  await clock.advance(1000)
  expect(await history()).toMatchObject([{ complete: false, error: expect.stringMatching(error) }])
})

test.each<[what: string, computed: unknown, error: RegExp]>([
  ["an object", { ann: 1 }, /^computeMany of "stats" returns an object: it must be a Map/],
  ["nothing", undefined, /^computeMany of "stats" returns undefined: it must be a Map/],
  [
    "numbers as ids",
    new Map([[17, 1]]),
    /^computeMany of "stats" returns a value for the id 17: it is called with "17"\.$/,
  ],
  ["values of others", new Map([["bob", 1]]), /^computeMany of "stats" returns a value for the id "bob"/],
])("computeMany that returns %s fails for all its entities and says why", async (_what, computed, error) => {
  const { clock, start, history, enter } = fleet({
    maxRetries: 0,
    compute: undefined as never,
    computeMany: (() => computed) as never,
  })
  await enter("17")
  start("a")
  await clock.advance(1000)
  expect(await history()).toMatchObject([{ entities: 1, failed: 1, error: expect.stringMatching(error) }])
})

test("a page of more entities than were asked for is computed in several calls", async () => {
  const asked: number[] = []
  const { clock, start, history } = fleet({
    compute: undefined as never,
    entities: () => ({ ids: Array.from({ length: 1201 }, (_, i) => `u${i}`), next: null }),
    computeMany: (ids) => {
      asked.push(ids.length)
      return new Map(ids.map((id) => [id, 1]))
    },
  })
  start("a")
  await clock.advance(1000)
  expect(asked).toEqual([500, 500, 201])
  expect(await history()).toMatchObject([{ entities: 1201, failed: 0, complete: true }])
})

test("the kit moves time through schedules, the seed's features of both kinds together", async () => {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const lastPurchase = store.feature("last_purchase", {
    entity: User,
    trigger: "purchase",
    compute: async (_userId, event) => event.payload,
  })
  const computeStats = async (userId: string) => ({ last: await store.getFeature(lastPurchase, userId) })
  const purchaseStats = store.feature("purchase_stats", {
    entity: User,
    refresh: "5m",
    materialize: true,
    ttl: "1h",
    compute: async (userId) => await computeStats(userId),
  })
  await using kit = createTestKit(store)
  await kit.give(createEvent({ eventType: "purchase", entityId: "ann", payload: { amount: 9 } }))
  await kit.advance("5m")
  await kit.give(createEvent({ eventType: "purchase", entityId: "ann", payload: { amount: 10 } }))
  const read = async () => {
    const { features } = await kit.readAll([lastPurchase, purchaseStats], "ann")
    return [features.last_purchase.value, features.purchase_stats.value]
  }
  expect(await read()).toEqual([{ amount: 10 }, { last: { amount: 9 } }])
  await kit.advance("5m")
  expect(await read()).toEqual([{ amount: 10 }, { last: { amount: 10 } }])
  expect(kit.warnings).toEqual([])
})
