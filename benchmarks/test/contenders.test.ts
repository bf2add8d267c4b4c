import { expect, test } from "vitest"
import { contenders } from "../src/contenders/index.js"
import { measureDrain } from "../src/run.js"

const WORKLOAD = { events: 2_000, entities: 50, features: 3, noteLength: 0 }
const LOSES_UPDATES = ["bullmq_50"]

test.each(contenders)("$name drains a backlog and is verified", { timeout: 60_000 }, async (contender) => {
  const { eventsPerSecond, nodeUs, redisUs, wrongEntities } = await measureDrain(contender, WORKLOAD, "free", {
    warmUpEvents: 0,
  })
  expect(eventsPerSecond).toBeGreaterThan(0)
  expect(nodeUs).toBeGreaterThan(0)
  expect(redisUs === null).toBe(contender.embedded === true)
  if (contender.reader === undefined) expect(wrongEntities).toBeNull()
  else if (!LOSES_UPDATES.includes(contender.name)) expect(wrongEntities).toBe(0)
})
