import type { EntityRecord, StoredValue } from "@fabra/core/adapter"
import { expect } from "vitest"
import { type Check, user } from "./world.js"

/** Nobody's later change of what was passed in or handed out may show through. */
export function testAliasing(check: Check): void {
  check("does not see what callers do later to what they passed in", async (world) => {
    const stored = { text: "1", eventTime: 1, computedAt: 1 }
    const key = { ...user(1) }
    const values = new Map<string, StoredValue | null>([["total", stored]])
    const [addFlags, removeFlags] = [["flag"], ["other"]]
    await world.cache.commit([world.change(key, null, { state: "state", values, addFlags, removeFlags })])
    const written = { ...stored }
    const outside = new Map([["average", written]])
    await world.cache.write([{ key, token: world.newToken(), values: outside }])

    for (const passed of [stored, written]) Object.assign(passed, { text: "changed", eventTime: 9, computedAt: 9 })
    values.set("late", { ...stored })
    values.set("total", null)
    outside.clear()
    addFlags.push("late")
    removeFlags.push("flag")
    key.entityId = "2"

    const record = await world.load(user(1))
    expect(record.values).toEqual(
      new Map([
        ["total", { text: "1", eventTime: 1, computedAt: 1 }],
        ["average", { text: "1", eventTime: 1, computedAt: 1 }],
      ]),
    )
    expect(record.flags).toEqual(new Set(["flag"]))
    expect(await world.load(user(2))).toMatchObject({ version: null })
  })

  check("does not see what callers do to a record they loaded", async (world) => {
    await world.apply(user(1), {
      addFlags: ["flag"],
      values: new Map([["total", { text: "1", eventTime: 1, computedAt: 1 }]]),
    })
    const before = await world.load(user(1))
    const expected = copy(before)
    spoil(before)
    expect(copy(await world.load(user(1)))).toEqual(expected)
  })

  check("does not see what callers do to a row they read", async (world) => {
    await world.apply(user(1), { values: new Map([["total", { text: "1", eventTime: 1, computedAt: 1 }]]) })
    const rows = await world.cache.read([user(1)], ["total"])
    attempt(() => Object.assign(rows[0]?.[0] as StoredValue, { text: "changed", eventTime: 9 }))
    attempt(() => rows[0]?.push(undefined))
    expect(await world.cache.read([user(1)], ["total"])).toEqual([[{ text: "1", eventTime: 1, computedAt: 1 }]])
  })

  check("leaves a loaded record as it was when others commit", async (world) => {
    await world.apply(user(1), {
      addFlags: ["flag"],
      values: new Map([["total", { text: "1", eventTime: 1, computedAt: 1 }]]),
    })
    const record = await world.load(user(1))
    const expected = copy(record)
    await world.apply(user(1), {
      state: "new",
      removeFlags: ["flag"],
      values: new Map([["total", { text: "2", eventTime: 2, computedAt: 2 }]]),
    })
    expect(copy(record)).toEqual(expected)
  })
}

function copy({ version, state, flags, values }: EntityRecord) {
  return structuredClone({ version, state, flags: [...flags], values: [...values] })
}

/** Changes all that can be changed: the types say read-only, but JavaScript does not listen to them. */
function spoil(record: EntityRecord): void {
  const values = record.values as Map<string, StoredValue>
  const flags = record.flags as Set<string>
  attempt(() => Object.assign(values.get("total") as StoredValue, { text: "changed", eventTime: 9, computedAt: 9 }))
  attempt(() => values.set("late", { text: "late", eventTime: null, computedAt: 0 }))
  attempt(() => flags.clear())
  attempt(() => flags.add("late"))
  attempt(() => Object.assign(record, { version: "changed", state: "changed" }))
}

/** An adapter may as well freeze what it hands out. */
function attempt(change: () => unknown): void {
  try {
    change()
  } catch {}
}
