import { readFile } from "node:fs/promises"
import { MemoryEventBus } from "@fabra/events"
import { createApiKey, createServer } from "@fabra/server"
import { AxiomWorker } from "@fabra/worker"
import { expect, it, vi } from "vitest"
import { store } from "./features.js"

it("the README's example does what it says", async () => {
  const [readme, example] = await Promise.all(
    ["../README.md", "./readme-example.ts"].map((path) => readFile(new URL(path, import.meta.url), "utf8")),
  )
  expect(readme).toContain(example?.replace("../src/index.js", "@fabra/client"))

  const bus = new MemoryEventBus()
  const worker = new AxiomWorker(store, { bus })
  worker.run()
  const { key, apiKey } = createApiKey("app", ["ingest", "read"])
  const server = createServer(store, { bus, port: 0, apiKeys: [apiKey] })
  const log = vi.spyOn(console, "log").mockImplementation(() => {})
  vi.stubEnv("FABRA_SERVER_URL", (await server.listen()).url)
  vi.stubEnv("FABRA_API_KEY", key)
  try {
    await import("./readme-example.js")
    expect(log).toHaveBeenCalledWith(1, "PRESENT")
  } finally {
    vi.unstubAllEnvs()
    log.mockRestore()
    await server.close()
    await worker.stop()
  }
})
