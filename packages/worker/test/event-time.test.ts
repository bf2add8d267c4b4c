import { FeatureStore } from "@fabra/core"
import type { LateEvent } from "@fabra/core/adapter"
import { defineEvent, MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { expect, test } from "vitest"
import { AxiomWorker, type WorkerOptions } from "../src/index.js"

const seen = defineEvent<{ page: string }>("seen")
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute))

function shop() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const last = store.feature("last", {
    entity: User,
    trigger: seen,
    onLate: "skip",
    compute: (_id, event) => event.payload.page,
  })
  const told: [string, boolean, number | undefined][] = []
  const count = store.feature("count", {
    entity: User,
    trigger: seen,
    initial: 0,
    compute: (_id, event, { current, isLate, lastEventTime }) => {
      told.push([event.payload.page, isLate, lastEventTime?.getUTCMinutes()])
      return current + 1
    },
  })
  return { store, bus: new MemoryEventBus(), User, last, count, told }
}

/** Publishes visits of a user and waits until they are applied. */
async function visit(
  { store, bus }: Pick<ReturnType<typeof shop>, "store" | "bus">,
  visits: readonly (readonly [page: string, at: Date])[],
  options: Partial<WorkerOptions> = {},
) {
  const worker = new AxiomWorker(store, { bus, logger: silent, ...options })
  const running = worker.run()
  for (const [page, timestamp] of visits) {
    await bus.publish(seen.create({ entityId: "ann", payload: { page }, timestamp }))
  }
  await worker.idle()
  await worker.stop()
  await running
}

test("a late event is known as one, counted, and passed over where the feature asks for that", async () => {
  const { store, bus, last, count, told } = shop()
  const late: LateEvent[] = []
  const visits = [
    ["a", at(5)],
    ["b", at(3)],
    ["c", at(4)],
    ["d", at(5)],
    ["e", at(6)],
  ] as const
  await visit({ store, bus }, visits, { telemetry: { eventLate: (one) => late.push(one) } })
  expect(told).toEqual([
    ["a", false, undefined],
    ["b", true, 5],
    ["c", true, 5], // not only later than b
    ["d", false, 5], // at the same time is not before it
    ["e", false, 5],
  ])
  const { features } = await store.getFeatures([last, count], "ann")
  expect(features).toMatchObject({ last: { value: "e", eventTime: at(6) }, count: { value: 5, eventTime: at(6) } })
  expect(late.map(({ feature, skipped }) => `${feature} ${skipped}`)).toEqual([
    "last true",
    "count false",
    "last true",
    "count false",
  ])
})

test("skipping holds from one worker to the next", async () => {
  const { store, bus, last } = shop()
  await visit({ store, bus }, [["new", at(9)]])
  await visit({ store, bus }, [["old", at(8)]])
  expect(await store.getFeatureValue(last, "ann")).toMatchObject({ value: "new", eventTime: at(9) })
})

test("a value beyond its ttl is gone for handlers too", async () => {
  const { store, bus, User } = shop()
  let now = Date.now()
  const clock = { now: () => now, random: Math.random, setTimer: timer }
  store.connect({ cache: store.cache, clock })
  const streak = store.feature("streak", {
    entity: User,
    trigger: seen,
    initial: 0,
    ttl: "1d",
    compute: (_id, _event, { current, get }) => {
      expect(get("streak")).toBe(current)
      return current + 1
    },
  })
  const values: number[] = []
  for (const hours of [0, 23, 23, 24, 1]) {
    now += hours * 3_600_000
    await visit({ store, bus }, [["a", new Date(now)]], { clock })
    values.push(await store.getFeature(streak, "ann"))
  }
  expect(values).toEqual([1, 2, 3, 1, 2])
})

function timer(run: () => void, ms: number) {
  const handle = setTimeout(run, ms)
  return { cancel: () => clearTimeout(handle) }
}

test("events of the future are taken as they are, clamped or refused", async () => {
  const future = new Date(Date.now() + 3_600_000)
  const soon = new Date(Date.now() + 10_000)
  const read = async (futureEvents: WorkerOptions["futureEvents"]) => {
    const { store, bus, last } = shop()
    await visit(
      { store, bus },
      [
        ["soon", soon],
        ["later", future],
      ],
      futureEvents ? { futureEvents } : {},
    )
    const { value, eventTime } = await store.getFeatureValue(last, "ann")
    const { entries } = await bus.deadLetters.list({}, { limit: 10 })
    return { value, eventTime: eventTime as Date, letters: entries.map(({ reason, error }) => [reason, error.message]) }
  }
  expect(await read(undefined)).toEqual({ value: "later", eventTime: future, letters: [] })
  const clamped = await read("clamp")
  // Clamped, it is older than the event whose clock was a little fast.
  expect([clamped.value, clamped.eventTime, clamped.letters]).toEqual(["soon", soon, []])
  const refused = await read("refuse")
  expect([refused.value, refused.letters]).toEqual([
    "soon",
    [["invalid_event", expect.stringMatching(/yet to happen/)]],
  ])
})
