import { expect, test } from "vitest"
import type { Reader } from "./contender.js"
import { countWrongEntities } from "./verify.js"
import { expectedTotals } from "./workload.js"

const SPEC = { events: 3_000, entities: 1_500, features: 3, noteLength: 0 }
const right = expectedTotals(SPEC)

function readerOf(change: (entityId: string) => object | undefined): Reader {
  return {
    read: async (ids) => ids.map((id) => ({ last: 0, count: 0, sum: 0, ...right.get(id), ...change(id) })),
    close: async () => {},
  }
}

test("finds nothing wrong with what the events say", async () => {
  expect(
    await countWrongEntities(
      SPEC,
      readerOf(() => undefined),
    ),
  ).toBe(0)
})

test.each(["last", "count", "sum"])("finds a wrong %s", async (name) => {
  const wrong = [...right.keys()].slice(0, 7)
  const reader = readerOf((id) => (wrong.includes(id) ? { [name]: -1 } : undefined))
  expect(await countWrongEntities(SPEC, reader)).toBe(7)
})

test("counts entities that are not there at all", async () => {
  const reader = { ...readerOf(() => undefined), read: async (ids: readonly string[]) => ids.map(() => undefined) }
  expect(await countWrongEntities(SPEC, reader)).toBe(right.size)
})
