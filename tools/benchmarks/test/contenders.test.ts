import { expect, onTestFinished, test } from "vitest"
import { contenders } from "../src/contenders/index.js"
import { RunningContender } from "../src/run.js"

const EVENTS = 1_000
const WORKLOAD = { events: EVENTS, entities: 50, features: 3, noteLength: 0 }
const LOSES_UPDATES = ["bullmq_50"]

test.each(contenders)(
  "$name drains one backlog after the other and is verified",
  { timeout: 60_000 },
  async (contender) => {
    const running = await RunningContender.start(contender, WORKLOAD)
    onTestFinished(() => running.stop())
    for (let turn = 0; turn < 2; turn++) {
      const { eventsPerSecond, nodeUs, redisUs } = await running.drain(EVENTS)
      expect(eventsPerSecond).toBeGreaterThan(0)
      expect(nodeUs).toBeGreaterThan(0)
      expect(redisUs === null).toBe(contender.embedded === true)
    }
    const wrongEntities = await running.countWrongEntities()
    if (contender.reader === undefined) expect(wrongEntities).toBeNull()
    else if (!LOSES_UPDATES.includes(contender.name)) expect(wrongEntities).toBe(0)
  },
)
