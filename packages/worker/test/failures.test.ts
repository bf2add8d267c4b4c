import { type DeadLetter, defineEvent, MemoryEventBus } from "@fabra/events"
import { type EncodedEvent, replayEvent } from "@fabra/events/adapter"
import { gate, until } from "@fabra/test-support"
import { expect, test } from "vitest"
import { z } from "zod"
import { setup } from "./support.js"

const fail = (): never => {
  throw new Error("no luck")
}

test("a failing feature holds up only its own entity; the event's other features are there at once", async () => {
  const { store, User, start, publish } = setup()
  const runs = { good: 0, bad: 0 }
  let broken = true
  const good = store.feature("good", {
    entity: User,
    trigger: "x",
    initial: [] as number[],
    compute: (_id, event, { current }) => {
      runs.good++
      return [...current, event.payload.n as number]
    },
  })
  const bad = store.feature("bad", {
    entity: User,
    trigger: "x",
    maxRetries: 100,
    initial: [] as number[],
    compute: (id, event, { current }) => {
      runs.bad++
      if (id === "ann" && broken) fail()
      return [...current, event.payload.n as number]
    },
  })
  const { worker } = start({ retryBaseMs: 20, retryMaxMs: 20 })
  await publish("x", "ann", { n: 1 })
  await publish("x", "ann", { n: 2 })
  await publish("x", "bob", { n: 3 })
  await until(async () => runs.bad > 3)
  // Half of event 1 is visible, and the record says that the rest is not; event 2 waits for it.
  expect(await store.getFeature(good, "ann")).toEqual([1])
  expect(await store.getFeature(bad, "ann")).toEqual([])
  expect(await store.getFeature(bad, "bob")).toEqual([3])
  broken = false
  await worker.idle()
  expect(await store.getFeature(good, "ann")).toEqual([1, 2])
  expect(await store.getFeature(bad, "ann")).toEqual([1, 2])
  expect(runs.good).toBe(3)
})

test("after its retries a feature goes to the dead-letter queue, alone, and its entity goes on", async () => {
  const { store, User, bus, start, publish } = setup()
  let runs = 0
  const good = store.feature("good", { entity: User, trigger: "x", compute: (_id, event) => event.payload.n })
  store.feature("bad", {
    entity: User,
    trigger: "x",
    maxRetries: 3,
    compute: (_id, event, { set, attempt }) => {
      expect(attempt).toBe((runs++ % 4) + 1)
      set("trace", "left by a failing handler")
      return event.payload.n === 1 ? fail() : undefined
    },
  })
  const { worker } = start()
  await publish("x", "ann", { n: 1 }, "e1")
  await worker.idle()
  await publish("x", "bob", { n: 2 })
  expect(runs).toBe(4)
  const { entries } = await bus.deadLetters.list()
  expect(entries).toHaveLength(1)
  expect(entries[0]).toMatchObject({
    eventId: "e1",
    eventType: "x",
    entityId: "ann",
    entityType: "User",
    group: "fabra_workers",
    features: ["bad"],
    reason: "handler_failed",
    attempts: 4,
    error: { name: "Error", message: "no luck" },
  })
  expect(JSON.parse(entries[0]?.data as string)).toMatchObject({ event_id: "e1", payload: { n: 1 } })
  expect(await store.getFeature(good, "ann")).toBe(1)
  expect((await store.cache.read([{ entityType: "User", entityId: "ann" }], ["trace"]))[0]).toEqual([undefined])
})

test("a handler that outlives its time-out is stopped, retried, and cannot write any more", async () => {
  const { store, User, bus, start, publish } = setup()
  const signals: AbortSignal[] = []
  const late = gate<unknown>()
  store.feature("slow", {
    entity: User,
    trigger: "x",
    timeoutMs: 5,
    maxRetries: 1,
    compute: async (_id, _event, { signal, set }) => {
      signals.push(signal)
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      try {
        set("late", true)
      } catch (error) {
        late.open(error)
      }
    },
  })
  const { worker } = start()
  await publish("x", "ann")
  await worker.idle()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  expect(await late.promise).toMatchObject({ message: expect.stringContaining("had ended") })
  const { entries } = await bus.deadLetters.list()
  expect(entries).toMatchObject([{ reason: "handler_timeout", error: { message: expect.stringContaining("5 ms") } }])
})

test("what cannot be kept is a failure that names the place", async () => {
  const { store, User, bus, start, publish } = setup()
  store.feature("odd", { entity: User, trigger: "x", maxRetries: 0, compute: () => ({ rate: [1, Number.NaN] }) })
  const { worker } = start()
  await publish("x", "ann")
  await worker.idle()
  const { entries } = await bus.deadLetters.list()
  expect(entries[0]?.error.message).toMatch(/"odd"\.rate\[1\] is NaN/)
})

test("a payload that does not match its schema is not retried", async () => {
  const { store, User, bus, start, publish } = setup()
  const purchase = defineEvent("purchase", z.object({ amount: z.number() }))
  const total = store.feature("total", {
    entity: User,
    trigger: purchase,
    initial: 0,
    compute: (_id, event, { current }) => current + event.payload.amount,
  })
  const { worker } = start()
  await publish("purchase", "ann", { amount: "much" })
  await publish("purchase", "ann", { amount: 2 })
  await worker.idle()
  expect(await store.getFeature(total, "ann")).toBe(2)
  const { entries } = await bus.deadLetters.list()
  expect(entries).toMatchObject([{ reason: "invalid_event", features: ["total"], attempts: 0 }])
  expect(entries[0]?.error.message).toContain("payload.amount")
})

/** Anybody may write to a log; this one writes what is no event. */
class Scribbler extends MemoryEventBus {
  scribble(entityId: string, data: string) {
    return (this.append as (events: readonly EncodedEvent[]) => unknown)([{ eventId: data, entityId, data }])
  }
}

test("a record that is no event becomes a dead letter; those around it are applied", async () => {
  const bus = new Scribbler({ partitions: 1 })
  const { store, User, start, publish } = setup({ bus })
  const count = store.feature("count", {
    entity: User,
    trigger: "x",
    initial: 0,
    compute: (_id, _event, { current }) => current + 1,
  })
  const { worker } = start()
  await publish("x", "ann")
  await bus.scribble("ann", '{"not": "an event"}')
  await bus.scribble("ann", "garbage")
  await publish("x", "ann")
  await worker.idle()
  expect(await store.getFeature(count, "ann")).toBe(2)
  const { entries } = await bus.deadLetters.list()
  expect(entries.map(({ reason, data, features }) => ({ reason, data, features }))).toEqual([
    { reason: "invalid_event", data: '{"not": "an event"}', features: [] },
    { reason: "invalid_event", data: "garbage", features: [] },
  ])
})

test("a replay applies what failed, once, however often it is asked for", async () => {
  const { store, User, bus, start, publish } = setup({ bus: new MemoryEventBus({ dedupeWindowMs: 0 }) })
  let broken = true
  const chain = (name: string, fails: boolean) =>
    store.feature(name, {
      entity: User,
      trigger: "x",
      maxRetries: 0,
      initial: [] as string[],
      compute: (_id, event, { current }) => (fails && broken ? fail() : [...current, `${event.payload.n}`]),
    })
  const [good, bad] = [chain("good", false), chain("bad", true)]
  const { worker } = start()
  await publish("x", "ann", { n: 1 })
  await worker.idle()
  const letters = await bus.deadLetters.list()
  expect(letters.entries).toHaveLength(1)
  // Still broken: the replay fails again and is a dead letter again.
  expect(await bus.deadLetters.replay([letters.entries[0]?.id as string])).toMatchObject([{ status: "replayed" }])
  await worker.idle()
  const again = (await bus.deadLetters.list()).entries
  expect(again).toHaveLength(1)
  broken = false
  // This bus forgets ids at once, so only the flag in the record keeps the second one from being applied.
  await bus.publish(replayEvent(again[0] as DeadLetter))
  await bus.deadLetters.replay([again[0]?.id as string])
  await worker.idle()
  expect(await store.getFeature(bad, "ann")).toEqual(["1"])
  expect(await store.getFeature(good, "ann")).toEqual(["1"])
  expect((await bus.deadLetters.stats()).count).toBe(0)
})

test("telemetry that throws does not touch the work", async () => {
  const { store, User, start, publish } = setup()
  const n = store.feature("n", { entity: User, trigger: "x", compute: () => 1 })
  const { worker } = start({ telemetry: { eventApplied: fail, committed: fail } })
  await publish("x", "ann")
  await worker.idle()
  expect(await store.getFeature(n, "ann")).toBe(1)
})

test("a discarded failure is forgotten by the record too", async () => {
  const { store, User, bus, start, publish } = setup()
  store.feature("bad", { entity: User, trigger: "x", maxRetries: 0, compute: fail })
  const { worker } = start()
  await publish("x", "ann")
  await worker.idle()
  const flags = async () =>
    (await store.cache.load([{ entityType: "User", entityId: "ann" }], "fabra_workers"))[0]?.flags
  expect((await flags())?.size).toBe(1)
  const { entries } = await bus.deadLetters.list()
  expect(await bus.deadLetters.discard(entries.map(({ id }) => id))).toBe(1)
  await worker.idle()
  expect((await flags())?.size).toBe(0)
  expect((await bus.deadLetters.stats()).count).toBe(0)
})

test("halt-entity: later events follow the failed one into the queue, and a replay of all applies them in order", async () => {
  const { store, User, bus, start, publish } = setup()
  let broken = true
  const chain = store.feature("chain", {
    entity: User,
    trigger: "x",
    maxRetries: 0,
    initial: [] as string[],
    compute: (_id, event, { current }) => (event.eventId === "e2" && broken ? fail() : [...current, event.eventId]),
  })
  const { worker } = start({ onDeadLetter: "halt-entity" })
  for (const id of ["e1", "e2", "e3", "e4"]) await publish("x", "ann", {}, id)
  await publish("x", "bob", {}, "e5")
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(["e1"])
  expect(await store.getFeature(chain, "bob")).toEqual(["e5"])
  const { entries } = await bus.deadLetters.list({ entityId: "ann" })
  expect(entries.map(({ eventId, reason }) => [eventId, reason])).toEqual([
    ["e2", "handler_failed"],
    ["e3", "entity_halted"],
    ["e4", "entity_halted"],
  ])
  broken = false
  await bus.deadLetters.replay(entries.map(({ id }) => id))
  await publish("x", "ann", {}, "e6")
  await worker.idle()
  expect(await store.getFeature(chain, "ann")).toEqual(["e1", "e2", "e3", "e4", "e6"])
})

test("a key with half of a character is its event's dead letter, and holds up neither its entity nor others", async () => {
  const { store, User, bus, start, publish } = setup()
  const words = store.feature("words", {
    entity: User,
    trigger: "x",
    initial: 0,
    maxRetries: 0,
    compute: (_id, event, { current, set }) => {
      set(`word:${String(event.payload.word).slice(0, 5)}`, 1)
      return current + 1
    },
  })
  const { worker } = start()
  await publish("x", "ann", { word: "quad\u{1f600}" })
  await publish("x", "ann", { word: "fine" })
  await publish("x", "bob", { word: "fine" })
  await worker.idle()
  const { entries } = await bus.deadLetters.list()
  expect(entries.map(({ entityId, error }) => ({ entityId, message: error.message }))).toEqual([
    { entityId: "ann", message: expect.stringContaining('"word:quad\\ud83d" has a lone surrogate') },
  ])
  expect(await Promise.all(["ann", "bob"].map((id) => store.getFeature(words, id)))).toEqual([1, 1])
})
