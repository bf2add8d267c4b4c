import { expect } from "vitest"
import { ODD_IDS, ODD_NAMES } from "../odd-texts.js"
import { type Check, user, value } from "./world.js"

/** Ids and names that look like something else. */
export function testOddNames(check: Check): void {
  check("keeps entities of odd ids apart", async (world) => {
    const keys = ODD_IDS.map((id) => user(id))
    const changes = keys.map((key, i) =>
      world.change(key, null, { state: `state ${i}`, values: new Map([["n", value(String(i))]]) }),
    )
    const results = await world.cache.commit(changes)
    expect(results.map(({ status }) => status)).toEqual(keys.map(() => "applied"))
    const records = await world.cache.load(keys, "group")
    expect(records.map(({ key, state }) => [key, state])).toEqual(keys.map((key, i) => [key, `state ${i}`]))
    expect((await world.cache.read(keys, ["n"])).map(([row]) => row?.text)).toEqual(keys.map((_, i) => String(i)))
    const { ids } = await world.cache.entities("User")
    expect([...new Set(ids)].sort()).toEqual([...ODD_IDS].sort())
  })

  check("writes directly to entities of odd ids", async (world) => {
    const keys = ODD_IDS.map((id) => user(id))
    const writes = keys.map((key, i) => ({ key, token: `odd/${i}`, values: new Map([["n", value(String(i))]]) }))
    expect(await world.cache.write(writes)).toEqual(keys.map(() => ({ status: "applied" })))
    expect(await world.cache.read(keys, ["n"])).toEqual(keys.map((_, i) => [value(String(i))]))
  })

  check("keeps odd features apart", async (world) => {
    const values = new Map(ODD_NAMES.map((name, i) => [name, value(String(i))]))
    expect(await world.cache.read([user(1)], ODD_NAMES)).toEqual([ODD_NAMES.map(() => undefined)])
    await world.apply(user(1), { values })
    expect((await world.load(user(1))).values).toEqual(values)
    expect(await world.cache.read([user(1)], ODD_NAMES)).toEqual([[...values.values()]])
  })

  check("keeps odd groups apart", async (world) => {
    for (const group of ODD_NAMES) {
      expect(await world.load(user(1), group)).toMatchObject({ version: null, state: null })
      await world.applyOn(user(1), null, { group, state: `of ${group}`, addFlags: [group] })
    }
    for (const group of ODD_NAMES) {
      const record = await world.load(user(1), group)
      expect([record.state, [...record.flags]]).toEqual([`of ${group}`, [group]])
    }
  })

  check("keeps odd entity types apart", async (world) => {
    for (const entityType of ODD_NAMES) {
      expect((await world.cache.entities(entityType)).ids).toEqual([])
      await world.apply({ entityType, entityId: "1" }, { state: entityType })
    }
    for (const entityType of ODD_NAMES) {
      expect((await world.load({ entityType, entityId: "1" })).state).toBe(entityType)
      expect((await world.cache.entities(entityType)).ids).toEqual(["1"])
    }
  })

  check("does not mix up where a type ends and an id begins", async (world) => {
    const keys = [
      { entityType: "a", entityId: "b:c" },
      { entityType: "a:b", entityId: "c" },
      { entityType: "a", entityId: "b" },
      { entityType: "a:b:c", entityId: ":" },
    ]
    for (const [i, key] of keys.entries()) await world.applyOn(key, null, { state: String(i) })
    expect((await world.cache.load(keys, "group")).map(({ state }) => state)).toEqual(["0", "1", "2", "3"])
  })
}
