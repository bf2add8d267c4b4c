import { expect, test } from "vitest"
import { newEventId } from "../src/wire.js"

test("ids are unlike each other and sort in the order in which they were made, also within a millisecond", () => {
  const ids = Array.from({ length: 5_000 }, () => newEventId())
  expect(new Set(ids).size).toBe(ids.length)
  expect([...ids].sort()).toEqual(ids)
})
