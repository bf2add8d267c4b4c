import { expect, test } from "vitest"
import { sleep } from "../src/adapter.js"
import { systemClock } from "../src/index.js"
import { ManualClock } from "./manual-clock.js"

test("sleeps for its time and not longer", async () => {
  const clock = new ManualClock()
  let isAwake = false
  const sleeping = sleep(clock, 100).then(() => {
    isAwake = true
  })
  await clock.advance(99)
  expect(isAwake).toBe(false)
  await clock.advance(1)
  await sleeping
  expect(clock.timers).toBe(0)
})

test("wakes at once when the signal aborts, and leaves no timer", async () => {
  const clock = new ManualClock()
  const stop = new AbortController()
  const sleeping = sleep(clock, 1_000_000, stop.signal)
  stop.abort(new Error("never seen"))
  await sleeping
  expect(clock.timers).toBe(0)
})

test("does not fall asleep on a signal that was given before", async () => {
  const clock = new ManualClock()
  await sleep(clock, 1_000_000, AbortSignal.abort())
  expect(clock.timers).toBe(0)
})

test("has the machine's time and chance", async () => {
  await sleep(systemClock, 1)
  let isCalled = false
  systemClock
    .setTimer(() => {
      isCalled = true
    }, 0)
    .cancel()
  await sleep(systemClock, 5)
  expect(isCalled).toBe(false)
  const chance = systemClock.random()
  expect(chance >= 0 && chance < 1).toBe(true)
})
