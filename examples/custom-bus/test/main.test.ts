import { once } from "node:events"
import { text } from "node:stream/consumers"
import { expect, test } from "vitest"
import { startProcess } from "./support.js"

test("a worker in another process applies what this one publishes", { timeout: 60_000 }, async () => {
  const main = startProcess("../src/main.ts")
  const [output, [code]] = await Promise.all([main.stdout ? text(main.stdout) : "", once(main, "exit")])
  expect(output).toMatch(/5000 events by way of \d+ files, 49 of them published twice/)
  expect(output.match(/true/g)).toHaveLength(6)
  expect(code).toBe(0)
})
