import { expect, test } from "vitest"
import { ratiosOf } from "./ratios.js"

const once = (value: number) => ({ median: value, min: value, max: value })
const row = (name: string, placement: "free" | "split", eventsPerSecond: number) => ({
  ...{ name, title: name, placement, eventsPerSecond: once(eventsPerSecond) },
  ...{ nodeUs: once(1), redisUs: once(1), wrongEntities: 0 },
})

test("compares each at its best placement, and is silent about what was not measured", () => {
  const throughput = [row("fabra_500", "free", 50), row("fabra_500", "split", 100), row("ioredis_drain", "free", 200)]
  expect(ratiosOf({ throughput, latency: [], publishing: [], serving: [], growth: [] })).toEqual({ of_drain: 0.5 })
})
