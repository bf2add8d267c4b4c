import { expect, test } from "vitest"
import { eventsOf, type WorkloadSpec } from "./workload.js"

const SPEC = { events: 400, entities: 200, features: 3, noteLength: 0 }
const entitiesOf = (spec: WorkloadSpec) => [...eventsOf(spec)].map(({ entityId }) => entityId)

test("known entities have one event each at the beginning, and what comes then is skewed as ever", () => {
  const entities = entitiesOf({ ...SPEC, known: 100 })
  expect(new Set(entities.slice(0, 100)).size).toBe(100)
  expect(new Set(entities.slice(100)).size).toBeLessThan(200)
})

test("without them entities come again from the start, so that updates can be lost", () => {
  expect(new Set(entitiesOf(SPEC).slice(0, 100)).size).toBeLessThan(100)
})
