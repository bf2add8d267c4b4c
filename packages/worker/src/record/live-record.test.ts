import { expect, test } from "vitest"
import { LiveRecord } from "./live-record.js"

const removed = {
  key: { entityType: "Merchant", entityId: "m" },
  version: "v",
  state: null,
  tombstone: '{"0":["0-7"],"1":["1-9"]}',
  flags: new Set<string>(),
  values: new Map(),
  epoch: "",
}

test("what stands for a removed record has the marks of every partition that may have events of the entity", () => {
  const shared = new LiveRecord(removed, 1, new Map(), true)
  expect(shared.mark).toMatchObject({ mark: "1-9" })
  expect(shared.others?.text).toBe('"0":["0-7"]')
  const own = new LiveRecord(removed, 1, new Map())
  expect(own.mark).toMatchObject({ mark: "1-9" })
  expect(own.others).toBeUndefined()
})

test("handed over, a record has the mark of the partition that gets it, and keeps the others", () => {
  const record = new LiveRecord(
    { ...removed, state: '{"0":["0-7"],"1":["1-9","1-a",["x"]],"2":["2-3"]}' },
    1,
    new Map(),
    true,
  )
  record.rebind(1, 0)
  expect(record.mark).toMatchObject({ mark: "0-7" })
  record.rebind(0, 3)
  expect(record.mark).toMatchObject({ mark: "" })
  expect(JSON.parse(`{${record.others?.text}}`)).toEqual({ 0: ["0-7"], 1: ["1-9", "1-a", ["x"]], 2: ["2-3"] })
  record.rebind(3, 1)
  expect(record.mark).toEqual({ mark: "1-9", halfDone: { position: "1-a", features: ["x"] } })
})
