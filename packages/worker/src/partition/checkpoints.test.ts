import { MemoryFeatureCache } from "@fabra/core"
import { type Subscription, systemClock } from "@fabra/events"
import { expect, test } from "vitest"
import { Observer } from "../observe/observer.js"
import { Checkpoints } from "./checkpoints.js"
import { PartitionRun } from "./partition-run.js"

test("R6: a stored checkpoint is stored again now and then, for a bus that has lost it", async () => {
  const logger = { info() {}, warn() {}, error() {} }
  const observer = new Observer({ logger, telemetry: [], clock: systemClock })
  const checkpoints = new Checkpoints(new MemoryFeatureCache(), 0, observer, () => {})
  const run = new PartitionRun(0, { position: "07", records: 3 }, null)
  const stored: unknown[] = []
  const checkpoint = async (...args: unknown[]) => stored.push(args)
  const subscription = { checkpoint } as unknown as Subscription

  for (let tick = 0; tick < 20; tick++) await checkpoints.tick([run], subscription)
  expect(stored).toEqual(Array(4).fill([0, "07", 3]))

  run.end()
  for (let tick = 0; tick < 20; tick++) await checkpoints.tick([run], subscription)
  expect(stored).toHaveLength(4)
})
