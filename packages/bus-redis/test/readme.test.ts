import { readFile } from "node:fs/promises"
import { startRedisServer } from "@fabra/testing"
import { expect, test, vi } from "vitest"

test("the README's example does what it says", async () => {
  const [readme, example] = await Promise.all(
    ["../README.md", "./readme-example.ts"].map((path) => readFile(new URL(path, import.meta.url), "utf8")),
  )
  expect(readme).toContain(example?.replace("../src/index.js", "@fabra/bus-redis"))

  const server = await startRedisServer()
  const log = vi.spyOn(console, "log").mockImplementation(() => {})
  vi.stubEnv("FABRA_REDIS_URL", server.url)
  try {
    await import("./readme-example.js")
    expect(log).toHaveBeenCalledWith(true, true)
  } finally {
    vi.unstubAllEnvs()
    log.mockRestore()
    await server.stop()
  }
})
