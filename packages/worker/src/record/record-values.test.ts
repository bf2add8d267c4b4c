import { describe, expect, test } from "vitest"
import { RecordValues } from "./record-values.js"

const values = () =>
  new RecordValues(
    new Map([
      ["first", 0],
      ["second", 1],
    ]),
  )

describe.each(["second", "no_feature"])("a value of %s", (name) => {
  test("is as it was set last, with its times", () => {
    const kept = values()
    expect(kept.get(name)).toBeUndefined()
    expect(kept.lastEventTime(name)).toBe(Number.NEGATIVE_INFINITY)
    kept.set(name, { text: "1", eventTime: 5, computedAt: 9 })
    kept.set(name, { text: "22", eventTime: 6, computedAt: 10 })
    expect(kept.get(name)).toEqual({ text: "22", eventTime: 6, computedAt: 10 })
    expect(kept.lastEventTime(name)).toBe(6)
    expect(kept.get("first")).toBeUndefined()
  })

  test("may come from no event, or from one of 1970", () => {
    const kept = values()
    kept.set(name, { text: "1", eventTime: 0, computedAt: 0 })
    expect(kept.get(name)).toEqual({ text: "1", eventTime: 0, computedAt: 0 })
    kept.set(name, { text: "1", eventTime: null, computedAt: 9 })
    expect(kept.get(name)).toEqual({ text: "1", eventTime: null, computedAt: 9 })
    expect(kept.lastEventTime(name)).toBe(Number.NEGATIVE_INFINITY)
  })

  test("takes more memory the longer its text is", () => {
    const kept = values()
    expect(kept.set(name, { text: "1", eventTime: 5, computedAt: 9 })).toBeGreaterThanOrEqual(2)
    expect(kept.set(name, { text: "4444", eventTime: 5, computedAt: 9 })).toBe(6)
    expect(kept.set(name, { text: "", eventTime: 5, computedAt: 9 })).toBe(-8)
  })
})
