import { expect } from "vitest"
import { ODD_TEXTS } from "../odd-texts.js"
import { type Check, user, value } from "./world.js"

/** A group's bookkeeping and flags. */
export function testState(check: Check): void {
  check("keeps the state to the letter", async (world) => {
    let token: string | null = null
    for (const state of [...ODD_TEXTS, "long ".repeat(20_000)]) {
      token = await world.applyOn(user(1), token, { state })
      expect((await world.load(user(1))).state).toBe(state)
    }
  })

  check("adds and removes flags, and keeps the others", async (world) => {
    const flags = async () => [...(await world.load(user(1))).flags].sort()
    await world.apply(user(1), { addFlags: ["a", "b", "c"] })
    expect(await flags()).toEqual(["a", "b", "c"])
    await world.apply(user(1))
    expect(await flags()).toEqual(["a", "b", "c"])
    await world.apply(user(1), { addFlags: ["d", "a"], removeFlags: ["b", "never-was"] })
    expect(await flags()).toEqual(["a", "c", "d"])
    await world.apply(user(1), { removeFlags: ["a", "c", "d"] })
    expect(await flags()).toEqual([])
  })

  check("leaves values and flags as they are when a change names none", async (world) => {
    const values = new Map([["total", value("1")]])
    await world.apply(user(1), { values, addFlags: ["flag"] })
    await world.apply(user(1), { state: "next" })
    await world.apply(user(1), { values: undefined, addFlags: undefined, removeFlags: undefined })
    const record = await world.load(user(1))
    expect([record.values, record.flags]).toEqual([values, new Set(["flag"])])
  })

  check("keeps flags to the letter", async (world) => {
    await world.apply(user(1), { addFlags: ODD_TEXTS })
    expect((await world.load(user(1))).flags).toEqual(new Set(ODD_TEXTS))
    await world.apply(user(1), { removeFlags: ODD_TEXTS.slice(1) })
    expect((await world.load(user(1))).flags).toEqual(new Set(ODD_TEXTS.slice(0, 1)))
  })

  check("keeps the flags of groups apart", async (world) => {
    await world.apply(user(1), { group: "one", addFlags: ["shared", "of one"] })
    await world.apply(user(1), { group: "two", addFlags: ["shared"] })
    await world.apply(user(1), { group: "two", removeFlags: ["shared", "of one"] })
    expect((await world.load(user(1), "one")).flags).toEqual(new Set(["shared", "of one"]))
    expect((await world.load(user(1), "two")).flags).toEqual(new Set())
  })
}
