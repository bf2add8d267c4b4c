import { expect } from "vitest"
import { type Check, user, value } from "./world.js"

/** The compare-and-set that everything rests on. */
export function testTokens(check: Check): void {
  check("knows nothing of an entity that was never written", async (world) => {
    const record = await world.load(user(1))
    expect(record).toMatchObject({ key: user(1), version: null, state: null })
    expect([record.flags.size, record.values.size]).toEqual([0, 0])
  })

  check("applies a change to an empty record and hands out its token", async (world) => {
    const token = await world.applyOn(user(1), null, { state: "one", values: new Map([["total", value("1")]]) })
    const record = await world.load(user(1))
    expect([record.version, record.state]).toEqual([token, "one"])
    expect([...record.values]).toEqual([["total", value("1")]])
  })

  check("takes the token of a commit as the next base, without loading", async (world) => {
    let token: string | null = null
    for (let n = 1; n <= 20; n++) token = await world.applyOn(user(1), token, { state: `state ${n}` })
    const record = await world.load(user(1))
    expect([record.version, record.state]).toEqual([token, "state 20"])
  })

  check("refuses a change on a stale token and writes nothing of it", async (world) => {
    const stale = await world.applyOn(user(1), null, { state: "one" })
    await world.applyOn(user(1), stale, { state: "two", values: new Map([["total", value("2")]]), addFlags: ["kept"] })
    const before = await world.load(user(1))
    await world.refuse(user(1), stale, {
      state: "late",
      values: new Map([
        ["total", null],
        ["late", value("3")],
      ]),
      addFlags: ["late"],
      removeFlags: ["kept"],
    })
    expect(await world.load(user(1))).toEqual(before)
  })

  check("refuses a change for an empty record when there is one", async (world) => {
    const token = await world.applyOn(user(1), null)
    await world.refuse(user(1), null, { state: "late" })
    expect((await world.load(user(1))).version).toBe(token)
  })

  check("refuses a change of a record when there is none, and makes none", async (world) => {
    await world.refuse(user(1), "token-of-nothing", { state: "late", values: new Map([["total", value("1")]]) })
    await world.refuse(user(1), "", { state: "late" })
    expect(await world.load(user(1))).toMatchObject({ version: null, state: null })
    expect(await world.cache.entities("User")).toEqual({ ids: [], next: null })
  })

  check("applies a change once when it is sent again", async (world) => {
    const base = await world.applyOn(user(1), null)
    const change = world.change(user(1), base, { state: "once", values: new Map([["total", value("1")]]) })
    expect(await world.cache.commit([change])).toMatchObject([{ status: "applied" }])
    const before = await world.load(user(1))
    expect(await world.cache.commit([change])).toEqual([{ status: "conflict" }])
    expect(await world.load(user(1))).toEqual(before)
  })

  check("never gives out a token twice, though the record comes to be what it was", async (world) => {
    const seen: (string | null)[] = [(await world.load(user(1))).version]
    for (let round = 0; round < 12; round++) {
      const same = { state: "same", values: new Map([["total", value(String(round % 2))]]) }
      if (round % 3 === 2) await world.write(user(1), same.values)
      else await world.apply(user(1), same)
      seen.push((await world.load(user(1))).version)
    }
    expect(new Set(seen).size).toBe(seen.length)
    for (const old of seen.slice(0, -1)) await world.refuse(user(1), old)
  })

  check("gives each group a token of its own that others do not disturb", async (world) => {
    const one = await world.applyOn(user(1), null, { group: "one", state: "of one" })
    expect(await world.load(user(1), "two")).toMatchObject({ version: null, state: null })
    const two = await world.applyOn(user(1), null, { group: "two", state: "of two" })
    expect(await world.load(user(1), "one")).toMatchObject({ version: one, state: "of one" })
    await world.applyOn(user(1), one, { group: "one", state: "again" })
    expect(await world.load(user(1), "two")).toMatchObject({ version: two, state: "of two" })
    await world.applyOn(user(1), two, { group: "two" })
  })

  check("does not take one group's token for another's", async (world) => {
    const one = await world.applyOn(user(1), null, { group: "one" })
    await world.applyOn(user(1), null, { group: "two" })
    await world.refuse(user(1), one, { group: "two" })
  })

  check("does not take one entity's token for another's", async (world) => {
    const one = await world.applyOn(user(1), null)
    await world.applyOn(user(2), null)
    await world.refuse(user(2), one)
  })
}
