import { MemoryFeatureCache } from "@fabra/core"
import { MemoryEventBus, systemClock } from "@fabra/events"
import type { Subscription } from "@fabra/events/adapter"
import { expect, test } from "vitest"
import { Observer } from "../observe/observer.js"
import { resolveSettings } from "../settings.js"
import { Checkpoints } from "./checkpoints.js"
import { PartitionSession } from "./partition-session.js"

test("R6: a stored checkpoint is stored again now and then, for a bus that has lost it", async () => {
  const logger = { info() {}, warn() {}, error() {} }
  const observer = new Observer({ logger, telemetry: [], clock: systemClock })
  const settings = resolveSettings({ bus: new MemoryEventBus(), rollbackMarginMs: 0 })
  const checkpoints = new Checkpoints({ settings, cache: new MemoryFeatureCache(), observer, rolledBack() {} })
  const session = new PartitionSession(0, { position: "07", records: 3 }, null)
  const stored: unknown[] = []
  const checkpoint = async (...args: unknown[]) => stored.push(args)
  const subscription = { checkpoint } as unknown as Subscription

  for (let tick = 0; tick < 20; tick++) await checkpoints.tick([session], subscription)
  expect(stored).toEqual(Array(4).fill([0, "07", 3]))

  session.end()
  for (let tick = 0; tick < 20; tick++) await checkpoints.tick([session], subscription)
  expect(stored).toHaveLength(4)
})
