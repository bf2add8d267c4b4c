import { readFile } from "node:fs/promises"
import { expect, it, vi } from "vitest"
import { client } from "./support.js"

it("the README's example does what it says", async () => {
  const [readme, example] = await Promise.all(
    ["../README.md", "./readme-example.ts"].map((path) => readFile(new URL(path, import.meta.url), "utf8")),
  )
  expect(readme).toContain(example?.replace("../src/index.js", "@fabra/server"))

  const log = vi.spyOn(console, "log").mockImplementation(() => {})
  vi.stubEnv("PORT", "0")
  try {
    await import("./readme-example.js")
    const page = String(log.mock.calls[0]?.[0])
    const { post, get } = client(page.replace("/docs", ""))
    expect((await get("/docs")).status).toBe(200)
    const payload = { amount: 99.99, product_id: "prod_456" }
    await post("/ingest/purchase?wait=applied&timeout=30s", { entity_id: "user_123", payload })
    expect((await get("/features/User/user_123")).body.features.last_purchase.value).toEqual(payload)
  } finally {
    process.emit("SIGTERM")
    vi.unstubAllEnvs()
    log.mockRestore()
  }
})
