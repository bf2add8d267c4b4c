import { expect, test } from "vitest"
import { timeOf, toPosition, toPositionOrNull, toStreamId } from "./positions.js"

test("spells stream ids so that they sort as text", () => {
  const ids = ["0-1", "9-9", "9-10", "10-0", "1764000000000-2", "1764000000000-10", "1764000000001-0"]
  const positions = ids.map(toPosition)
  expect([...positions].sort()).toEqual(positions)
  expect(positions.at(-2)).toBe("01764000000000-0000000010")
})

test("gives back the stream id", () => {
  for (const id of ["0-1", "1764000000000-42", "99999999999999-9999999999"]) {
    expect(toStreamId(toPosition(id))).toBe(id)
  }
  expect(toStreamId(null)).toBe("0-0")
  expect(toStreamId("1764000000000-42")).toBe("1764000000000-42")
})

test("has no position before the first", () => {
  expect(toPositionOrNull("0-0")).toBeNull()
  expect(toPositionOrNull("5-0")).toBe("00000000000005-0000000000")
})

test("tells the time", () => {
  expect(timeOf(toPosition("1764000000000-42"))).toBe(1_764_000_000_000)
})

test.each(["", "-", "12", "a-1", "1-2-3", "1-", "-1", " 1-1", "$"])("refuses %j", (text) => {
  expect(() => toStreamId(text)).toThrow(expect.objectContaining({ code: "invalid_argument" }))
})
