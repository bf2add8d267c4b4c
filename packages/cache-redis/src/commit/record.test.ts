import { describe, expect, it } from "vitest"
import { groupFields } from "../keyspace/keys.js"
import type { KnownTombstones } from "../remove/tombstones.js"
import { decodeRecord, decodeStored, encodeTimes } from "./record.js"

describe("a stored value", () => {
  it.each([
    [
      "plain",
      { text: "12.5", eventTime: 1_700_000_000_000, computedAt: 1_700_000_000_001 },
      "1700000000001|1700000000000|12.5",
    ],
    ["without an event", { text: "true", eventTime: null, computedAt: 5 }, "5||true"],
    ["whose text has bars", { text: '"a|b|"', eventTime: 0, computedAt: 0 }, '0|0|"a|b|"'],
    ["without text", { text: "", eventTime: -5, computedAt: 1.5 }, "1.5|-5|"],
  ])("%s is read as it was written", (_, value, raw) => {
    expect(encodeTimes(value) + value.text).toBe(raw)
    expect(decodeStored(raw)).toEqual(value)
  })

  it.each(["", "12", "|", "||x", "5|x", "a|5|x", "5|b|x", "5|5"])("is not read from %j", (raw) => {
    expect(() => decodeStored(raw)).toThrow("no feature value")
  })
})

const NO_TOMBSTONES = { of: (): KnownTombstones => ({ token: undefined, states: new Map() }) }
const reader = (book = NO_TOMBSTONES) => ({ group: "g", fields: groupFields("g"), book })

describe("a record", () => {
  it("is what one group sees of the hash", () => {
    const key = { entityType: "User", entityId: "u" }
    const hash = [
      "f:a",
      "1||x",
      "t:g",
      "own",
      "s:g",
      "state",
      "d:g/flag/1",
      "1",
      "w",
      "out",
      "t:g2",
      "no",
      "d:g2/flag",
      "1",
    ]
    expect(decodeRecord(reader(), key, hash, "i")).toEqual({
      key,
      version: "own/out",
      state: "state",
      tombstone: null,
      flags: new Set(["flag/1"]),
      values: new Map([["a", { text: "x", eventTime: null, computedAt: 1 }]]),
      epoch: "i",
    })
  })

  it("has no token when nothing was written for the group", () => {
    const key = { entityType: "User", entityId: "u" }
    expect(decodeRecord(reader(), key, ["t:other", "x"], "i").version).toBeNull()
    expect(decodeRecord(reader(), key, ["w", "x"], "i").version).toBe("/x")
  })

  it("has the last removal in the place of a token that is not there", () => {
    const key = { entityType: "User", entityId: "u" }
    const left = { of: (): KnownTombstones => ({ token: "r", states: new Map([["g", "left"]]) }) }
    const found = (hash: string[]) => decodeRecord(reader(left), key, hash, "i")
    expect(found([])).toMatchObject({ version: "~r/", state: null, tombstone: "left" })
    expect(found(["w", "x"])).toMatchObject({ version: "~r/x", tombstone: "left" })
    expect(found(["t:g", "own", "s:g", "state"])).toMatchObject({ version: "own/", state: "state", tombstone: null })
  })
})
