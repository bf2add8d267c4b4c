import type { StoredValue } from "@fabra/core/adapter"
import { expect } from "vitest"
import { ODD_TEXTS } from "../odd-texts.js"
import { type Check, user, value } from "./world.js"

/** Feature values. */
export function testValues(check: Check): void {
  check("sets and removes the values named, and leaves the others", async (world) => {
    await world.apply(user(1), {
      values: new Map([
        ["changed", value("1")],
        ["removed", value("2")],
        ["untouched", value("3")],
      ]),
    })
    await world.apply(user(1), {
      values: new Map([
        ["changed", value("4")],
        ["removed", null],
        ["added", value("5")],
        ["never_was", null],
      ]),
    })
    const expected = { changed: value("4"), untouched: value("3"), added: value("5") }
    expect(Object.fromEntries((await world.load(user(1))).values)).toEqual(expected)
    const [row] = await world.cache.read([user(1)], ["changed", "removed", "untouched", "added", "never_was"])
    expect(row).toEqual([value("4"), undefined, value("3"), value("5"), undefined])
  })

  check("removes the last value, and keeps the record", async (world) => {
    await world.apply(user(1), { values: new Map([["only", value("1")]]) })
    const token = await world.apply(user(1), { state: "kept", values: new Map([["only", null]]) })
    const record = await world.load(user(1))
    expect(record).toMatchObject({ version: token, state: "kept" })
    expect(record.values.size).toBe(0)
    await world.apply(user(1), { values: new Map([["only", value("2")]]) })
    expect((await world.load(user(1))).values.get("only")).toEqual(value("2"))
  })

  check("keeps values to the letter", async (world) => {
    const texts = [...ODD_TEXTS, "long ".repeat(20_000), JSON.stringify({ deep: [null, 1.5, "ü"] })]
    const values = new Map(texts.map((text, i) => [`feature_${i}`, value(text)]))
    await world.apply(user(1), { values })
    expect((await world.load(user(1))).values).toEqual(values)
    const names = [...values.keys()]
    expect(await world.cache.read([user(1)], names)).toEqual([[...values.values()]])
  })

  check("keeps times to the millisecond, and tells no event time from zero", async (world) => {
    const stored: StoredValue[] = [
      { text: "1", eventTime: null, computedAt: 0 },
      { text: "1", eventTime: 0, computedAt: 1_700_000_000_123 },
      { text: "1", eventTime: -62_167_219_200_000, computedAt: 1 },
      { text: "1", eventTime: 253_402_300_799_999, computedAt: 253_402_300_799_999 },
    ]
    await world.apply(user(1), { values: new Map(stored.map((each, i) => [`feature_${i}`, each])) })
    const [row] = await world.cache.read([user(1)], ["feature_0", "feature_1", "feature_2", "feature_3"])
    expect(row).toEqual(stored)
    expect([...(await world.load(user(1))).values.values()].map(({ eventTime }) => eventTime)).toEqual(
      expect.arrayContaining(stored.map(({ eventTime }) => eventTime)),
    )
  })

  check("shows the values of one group to every other", async (world) => {
    await world.apply(user(1), { group: "one", values: new Map([["total", value("1")]]) })
    await world.apply(user(1), { group: "two", values: new Map([["average", value("2")]]) })
    const expected = new Map([
      ["total", value("1")],
      ["average", value("2")],
    ])
    for (const group of ["one", "two", "three"]) expect((await world.load(user(1), group)).values).toEqual(expected)
  })
}
