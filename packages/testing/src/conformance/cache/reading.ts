import { expect } from "vitest"
import { type Check, user, value } from "./world.js"

/** Loading and serving. */
export function testReading(check: Check): void {
  check("reads entities and features in the order asked, with undefined for what is missing", async (world) => {
    await world.apply(user(1), {
      values: new Map([
        ["a", value("1a", 5)],
        ["b", value("1b")],
      ]),
    })
    await world.apply(user(2), { values: new Map([["b", value("2b")]]) })
    const rows = await world.cache.read([user(2), user(3), user(1)], ["b", "missing", "a"])
    expect(rows).toEqual([
      [value("2b"), undefined, undefined],
      [undefined, undefined, undefined],
      [value("1b"), undefined, value("1a", 5)],
    ])
  })

  check("reads an entity or a feature as often as it is named", async (world) => {
    await world.apply(user(1), { values: new Map([["a", value("1")]]) })
    const rows = await world.cache.read([user(1), user(2), user(1)], ["a", "a"])
    expect(rows).toEqual([
      [value("1"), value("1")],
      [undefined, undefined],
      [value("1"), value("1")],
    ])
    const records = await world.cache.load([user(1), user(2), user(1)], "group")
    expect(records.map(({ key, values }) => [key.entityId, values.size])).toEqual([
      ["1", 1],
      ["2", 0],
      ["1", 1],
    ])
  })

  check("reads and loads many entities at once", async (world) => {
    const keys = Array.from({ length: 1200 }, (_, n) => user(n))
    const changes = keys
      .filter((_, n) => n % 5 !== 0)
      .map((key) => world.change(key, null, { state: key.entityId, values: new Map([["id", value(key.entityId)]]) }))
    expect(new Set((await world.cache.commit(changes)).map(({ status }) => status))).toEqual(new Set(["applied"]))
    const expected = keys.map(({ entityId }, n) => (n % 5 === 0 ? undefined : entityId))
    expect((await world.cache.read(keys, ["id"])).map(([stored]) => stored?.text)).toEqual(expected)
    expect((await world.cache.load(keys, "group")).map(({ state }) => state ?? undefined)).toEqual(expected)
  })

  check("answers nothing to nothing", async ({ cache }) => {
    expect(await cache.load([], "group")).toEqual([])
    expect(await cache.commit([])).toEqual([])
    expect(await cache.write([])).toEqual([])
    expect(await cache.read([], ["feature"])).toEqual([])
    expect(await cache.read([user(1), user(2)], [])).toEqual([[], []])
    expect(await cache.verify([])).toBe(true)
  })

  check("leaves no trace of what was only read", async (world) => {
    await world.cache.load([user(1)], "group")
    await world.cache.read([user(1)], ["a"])
    expect(await world.cache.entities("User")).toEqual({ ids: [], next: null })
  })
}
