import { expect, test } from "vitest"
import { spreadOf } from "./lib/rounds.js"
import { ratiosOf } from "./ratios.js"

const row = (name: string, placement: "free" | "split", ...eventsPerSecond: number[]) => ({
  name,
  title: name,
  placement,
  eventsPerSecond: spreadOf(eventsPerSecond),
  nodeUs: spreadOf([1]),
  redisUs: spreadOf([1]),
  wrongEntities: 0,
})
const nothing = { throughput: [], latency: [], publishing: [], serving: [], growth: [] }

test("compares each at its best placement, and is silent about what was not measured", () => {
  const throughput = [row("fabra_500", "free", 50), row("fabra_500", "split", 100), row("ioredis_drain", "free", 200)]
  expect(ratiosOf({ ...nothing, throughput })).toEqual({ of_drain: 0.5 })
})

test("compares what was measured in the same round", () => {
  // The machine became ever slower; the medians, 80 and 100, would say something else.
  const throughput = [row("fabra_500", "free", 200, 80, 30), row("ioredis_drain", "free", 400, 100, 60)]
  expect(ratiosOf({ ...nothing, throughput })).toEqual({ of_drain: 0.5 })
})
