import { readFile } from "node:fs/promises"
import { startPostgres } from "@fabra/testing"
import { expect, it, vi } from "vitest"
import { fill } from "./support.js"

it("the README's example does what it says", { timeout: 60_000 }, async () => {
  const [readme, example] = await Promise.all(
    ["../README.md", "./readme-example.ts"].map((path) => readFile(new URL(path, import.meta.url), "utf8")),
  )
  expect(readme).toContain(example?.replace("../src/index.js", "@fabra/offline-postgres"))

  const postgres = await startPostgres()
  await fill(postgres.url, "create table purchases as select 'user_123' as user_id, 99.99 as amount")
  const log = vi.spyOn(console, "log").mockImplementation(() => {})
  vi.stubEnv("FABRA_POSTGRES_URL", postgres.url)
  try {
    await import("./readme-example.js")
    expect(log).toHaveBeenCalledWith(99.99)
  } finally {
    vi.unstubAllEnvs()
    log.mockRestore()
    await postgres.stop()
  }
})
