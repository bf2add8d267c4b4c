import { type Clock, systemClock } from "@fabra/events"
import { expect, test } from "vitest"
import { RedisEventBus } from "../index.js"

test("no timer is set to the past, however late a call is", async () => {
  const delays: number[] = []
  let now = 0
  const clock: Clock = {
    ...systemClock,
    // As on a machine that stood still for a while between any two lines.
    now: () => (now += 10_000),
    setTimer(callback, ms) {
      delays.push(ms)
      return systemClock.setTimer(callback, Math.min(ms, 1))
    },
  }
  const bus = new RedisEventBus({ url: "redis://127.0.0.1:1", clock })
  await expect(bus.lag("group")).rejects.toMatchObject({ code: "bus_unavailable" })
  await bus.close()
  expect(delays.length).toBeGreaterThan(0)
  expect(delays.filter((ms) => ms < 0)).toEqual([])
})
