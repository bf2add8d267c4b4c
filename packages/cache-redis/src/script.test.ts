import type { StoredValue } from "@fabra/core"
import { expect, test } from "vitest"
import { pushChange, Words } from "./script.js"

test("spells every value with its own times, and what is removed apart", () => {
  const words = new Words()
  const made = { text: "1", eventTime: 5, computedAt: 9 }
  pushChange(words, {
    key: { entityType: "User", entityId: "u" },
    group: "g",
    baseToken: "a/",
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
  const set = ["t:g", "b", "s:g", "{}", "d:g/x", "1"]
  const values = ["f:one", "9|5|1", "f:same", "9|5|2", "f:later", "9|6|1", "f:sooner", "8|5|1", "f:untimed", "9||1"]
  expect(words.list).toEqual(["a/", set.length + values.length, 2, ...set, ...values, "d:g/y", "f:gone"])
})
