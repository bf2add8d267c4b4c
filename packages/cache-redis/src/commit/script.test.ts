import type { StoredValue } from "@fabra/core/adapter"
import { expect, test } from "vitest"
import { pushChange, Words } from "./script.js"

test("spells every value with its own times, and what is removed apart", () => {
  const words = new Words()
  const made = { text: "1", eventTime: 5, computedAt: 9 }
  pushChange(words, {
    key: { entityType: "User", entityId: "u" },
    group: "g",
    baseVersion: "a/",
    token: "b",
    state: "{}",
    values: new Map<string, StoredValue | null>([
      ["one", made],
      ["same", { ...made, text: "2" }],
      ["later", { ...made, eventTime: 6 }],
      ["sooner", { ...made, computedAt: 8 }],
      ["untimed", { ...made, eventTime: null }],
      ["gone", null],
    ]),
    addFlags: ["x"],
    removeFlags: ["y"],
  })
  const [t, state, one, same, later, sooner, untimed, gone] = [1, 2, 3, 4, 5, 6, 7, 8]
  expect(words.names).toEqual(["t:g", "s:g", "f:one", "f:same", "f:later", "f:sooner", "f:untimed", "f:gone"])
  const others = [t, "b", state, "{}", "d:g/x", "1", later, "9|6|1", sooner, "8|5|1", untimed, "9||1"]
  expect(words.list).toEqual(["a/", "9|5|", 2, 6, 2, one, "1", same, "2", ...others, "d:g/y", gone])
})
