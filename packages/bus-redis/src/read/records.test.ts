import { expect, test } from "vitest"
import { toRecords } from "./records.js"

test("reads entries, with the time of each id", () => {
  expect(
    toRecords([
      ["1764000000000-0", ["data", "a"]],
      ["1764000000000-11", ["data", "b"]],
      ["1764000000001-0", ["data", "c"]],
      ["17640000000010-0", ["data", "d"]],
    ]),
  ).toEqual([
    { position: "01764000000000-0000000000", data: "a", acceptedAt: 1_764_000_000_000 },
    { position: "01764000000000-0000000011", data: "b", acceptedAt: 1_764_000_000_000 },
    { position: "01764000000001-0000000000", data: "c", acceptedAt: 1_764_000_000_001 },
    { position: "17640000000010-0000000000", data: "d", acceptedAt: 17_640_000_000_010 },
  ])
})

test("takes what somebody else has written for an event that says nothing", () => {
  const [foreign, mixed] = toRecords([
    ["1-0", ["hello", "data"]],
    ["2-0", ["source", "elsewhere", "data", "{}"]],
  ])
  expect(foreign?.data).toBe("")
  expect(mixed?.data).toBe("{}")
})
