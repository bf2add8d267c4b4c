import { expect, test } from "vitest"
import { chooseSource } from "./source.js"

test("where nothing is said, Redis is on this machine", () => {
  expect(chooseSource({})).toEqual({ url: "redis://localhost:6379" })
})
