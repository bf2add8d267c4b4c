import { readFile } from "node:fs/promises"
import { expect, test, vi } from "vitest"

test("the README's example does what it says", async () => {
  const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8")
  const [readme, example] = [await read("../README.md"), await read("./readme-example.ts")]
  expect(readme).toContain(example.replace("../src/index.js", "@fabra/aggregates"))
  const log = vi.spyOn(console, "log").mockImplementation(() => {})
  await import("./readme-example.js")
  expect(log).toHaveBeenCalledWith(100)
  log.mockRestore()
})
