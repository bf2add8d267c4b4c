import { REMEMBERED_WRITES } from "@fabra/core/adapter"
import { expect } from "vitest"
import { type Check, user, value } from "./world.js"

/** Direct writes. */
export function testWrites(check: Check): void {
  check("makes every group's token stale by a direct write", async (world) => {
    const one = await world.applyOn(user(1), null, { group: "one", state: "of one", addFlags: ["flag"] })
    const two = await world.applyOn(user(1), null, { group: "two", state: "of two" })
    await world.write(user(1), new Map([["total", value("9")]]))
    await world.refuse(user(1), one, { group: "one" })
    await world.refuse(user(1), two, { group: "two" })
    await world.refuse(user(1), null, { group: "three" })
    for (const group of ["one", "two", "three"]) await world.apply(user(1), { group })
  })

  check("makes a token stale by every further direct write", async (world) => {
    for (let round = 0; round < 3; round++) {
      const { version } = await world.load(user(1))
      await world.write(user(1), new Map([["total", value("same")]]))
      await world.refuse(user(1), version)
    }
  })

  check("makes the token of an empty record stale by a direct write", async (world) => {
    await world.write(user(1), new Map([["total", value("9")]]))
    await world.refuse(user(1), null)
    const record = await world.load(user(1))
    expect(record.version).not.toBeNull()
    expect(record.state).toBeNull()
    await world.applyOn(user(1), record.version, { state: "on top" })
  })

  check("writes values and touches neither state nor flags", async (world) => {
    await world.apply(user(1), {
      state: "kept",
      addFlags: ["kept"],
      values: new Map([
        ["changed", value("old")],
        ["removed", value("old")],
        ["untouched", value("old", 5)],
      ]),
    })
    await world.write(
      user(1),
      new Map([
        ["changed", value("new", 7)],
        ["removed", null],
        ["added", value("new")],
      ]),
    )
    const record = await world.load(user(1))
    expect(record.state).toBe("kept")
    expect([...record.flags]).toEqual(["kept"])
    expect(new Map(record.values)).toEqual(
      new Map([
        ["changed", value("new", 7)],
        ["untouched", value("old", 5)],
        ["added", value("new")],
      ]),
    )
  })

  check("knows a direct write again, and sets back nothing that was built on it", async (world) => {
    const token = await world.write(user(1), new Map([["total", value("100")]]))
    await world.apply(user(1), { values: new Map([["total", value("101")]]) })
    const before = await world.load(user(1))
    await world.write(user(1), new Map([["total", value("100")]]), token)
    expect(await world.load(user(1))).toEqual(before)
    await world.write(user(2), new Map([["total", value("of another")]]), token)
    expect(await world.cache.read([user(2)], ["total"])).toEqual([[value("of another")]])
  })

  check("knows a direct write again that others have followed", async (world) => {
    const token = await world.write(user(1), new Map([["total", value("first")]]))
    for (let i = 1; i < REMEMBERED_WRITES; i++) await world.write(user(1), new Map([["total", value("later")]]))
    await world.write(user(1), new Map([["total", value("first")]]), token)
    expect(await world.cache.read([user(1)], ["total"])).toEqual([[value("later")]])
  })

  check("writes to many entities at once, each alone", async (world) => {
    const keys = Array.from({ length: 50 }, (_, n) => user(n))
    const writes = keys.map((key, n) => ({
      key,
      token: world.newToken(),
      values: new Map([["n", value(String(n))]]),
    }))
    expect(await world.cache.write(writes)).toEqual(keys.map(() => ({ status: "applied" })))
    expect((await world.cache.read(keys, ["n"])).map(([stored]) => stored?.text)).toEqual(keys.map((_, n) => String(n)))
  })
}
