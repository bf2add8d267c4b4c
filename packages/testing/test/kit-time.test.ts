import { FeatureStore } from "@fabra/core"
import { createEvent, defineEvent } from "@fabra/events"
import { expect, test } from "vitest"
import { createTestKit } from "../src/index.js"

const login = defineEvent("login")
const START = "2026-05-01T12:00:00Z"
const HOUR = 3_600_000

function site() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  return { store, User }
}

test("events that name no time have the kit's while it is open; others keep theirs", async () => {
  const { store, User } = site()
  const seen = store.feature("seen", { entity: User, trigger: "login", compute: (_id, { timestamp }) => +timestamp })
  const kit = createTestKit(store, { now: START })
  await kit.advance("1h")
  await kit.give(login.create({ entityId: "ann" }))
  expect(await kit.read(seen, "ann")).toBe(Date.parse(START) + HOUR)
  const named = { eventType: "login", entityId: "ann", timestamp: "2020-01-01" }
  expect(createEvent(named).timestamp).toEqual(new Date("2020-01-01"))
  const [one, other] = [login.create({ entityId: "ann" }), login.create({ entityId: "ann" })]
  expect(one.eventId).not.toBe(other.eventId)
  await kit.close()
  const before = Date.now()
  expect(login.create({ entityId: "ann" }).timestamp.getTime()).toBeGreaterThanOrEqual(before)
})

test("every kind of handler sees the kit's time as context.now", async () => {
  const { store, User } = site()
  const onEvent = store.feature("on_event", { entity: User, trigger: login, compute: (_id, _event, { now }) => +now })
  const onRead = store.feature("on_read", { entity: User, compute: (_id, { now }) => +now })
  const onSchedule = store.feature("on_schedule", {
    entity: User,
    refresh: "6h",
    materialize: true,
    compute: (_id, { now }) => +now,
  })
  await using kit = createTestKit(store, { now: START })
  await kit.advance("1h")
  await kit.give(login.create({ entityId: "ann", timestamp: "2020-01-01" }))
  await kit.advance("5h")
  const { features } = await kit.readAll([onEvent, onRead, onSchedule], "ann")
  expect(features.on_event).toMatchObject({ value: Date.parse(START) + HOUR })
  expect(features.on_event.computedAt).toEqual(new Date(features.on_event.value as number))
  expect(features.on_read.value).toBe(Date.parse(START) + 6 * HOUR)
  expect(features.on_schedule.value).toBe(Date.parse(START) + 6 * HOUR)
})

test("a week passes from one due time to the next, without the upkeep in between", async () => {
  const { store, User } = site()
  const turns: string[] = []
  store.feature("weekly", {
    entity: User,
    refresh: { cron: "0 9 * * *" },
    materialize: true,
    entities: () => ({ ids: ["ann"], next: null }),
    compute: (_id, { scheduledFor }) => void turns.push(scheduledFor.toISOString().slice(5, 13)),
  })
  const once = store.feature("once", { entity: User, trigger: login, ttl: "2d", compute: () => true })
  await using kit = createTestKit(store, { now: START })
  await kit.give(login.create({ entityId: "ann" }))
  let timers = 0
  const setTimer = kit.clock.setTimer.bind(kit.clock)
  kit.clock.setTimer = (...args) => {
    timers++
    return setTimer(...args)
  }
  await kit.advance("7d")
  expect(turns).toEqual(["05-01T09", ...[2, 3, 4, 5, 6, 7, 8].map((day) => `05-0${day}T09`)])
  expect(await kit.read(once, "ann")).toBeUndefined()
  expect(timers).toBeLessThan(1_000) // each turn of the upkeep would be two million
  expect(kit.warnings).toEqual([])
  await kit.give(login.create({ entityId: "ann" }))
  expect(await kit.read(once, "ann")).toBe(true)
})

test("retries and time-outs on the way come at their time", async () => {
  const { store, User } = site()
  const times: number[] = []
  store.feature("slow", {
    ...{ entity: User, trigger: login, timeoutMs: 60_000, maxRetries: 1 },
    compute: (_id, _event, { now }) => new Promise<never>(() => void times.push(+now - Date.parse(START))),
  })
  await using kit = createTestKit(store, { now: START })
  const given = kit.give(login.create({ entityId: "ann" }))
  await kit.advance("1d")
  await given
  expect(times).toEqual([0, 60_000])
  expect(await kit.deadLetters()).toMatchObject([{ reason: "handler_timeout" }])
})
