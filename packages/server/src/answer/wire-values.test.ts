import type { FeatureStatus, FeatureValue } from "@fabra/core"
import { expect, test } from "vitest"
import { spellMembers, toServed } from "./wire-values.js"

const computedAt = new Date("2026-01-31T12:00:00.007Z")
const valued = (value: unknown, status: FeatureStatus = "PRESENT"): FeatureValue<unknown> => ({
  value,
  status,
  eventTime: new Date("0033-04-03T15:00:00Z"),
  computedAt,
})

test.each([
  0,
  -0,
  1e21,
  0.1,
  'a "quoted" text\n\u2028',
  true,
  null,
  undefined,
  12n ** 30n,
  new Date(5),
  [1, [new Date(7), { big: 1n }]],
  JSON.parse('{"__proto__": {"a": 1}, "b": "é"}'),
])("spells value %# as the object would be", (value) => {
  const features = {
    first: valued(value),
    "a:b.c-d": { value, status: "DEFAULT" as const, eventTime: null, computedAt: null },
  }
  expect(`{${spellMembers(features)}}`).toBe(JSON.stringify(toServed(features)))
})

test("a name that JavaScript has for itself is a name like others", () => {
  const features = Object.fromEntries([["__proto__", valued(1)]])
  expect(`{${spellMembers(features)}}`).toBe(JSON.stringify(toServed(features)))
  expect(spellMembers(features)).toContain('"__proto__":{"value":1,')
})

test("values that were computed before a given time are stale", () => {
  const statusAt = (oldest: number) => JSON.parse(`{${spellMembers({ first: valued(1) }, oldest)}}`).first.status
  expect(statusAt(computedAt.getTime())).toBe("PRESENT")
  expect(statusAt(computedAt.getTime() + 1)).toBe("STALE")
})

test("no feature, no member", () => {
  expect(spellMembers({})).toBe("")
})
