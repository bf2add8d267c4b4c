import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { Exposition, scrape } from "./exposition.js"

test("the README's example serves what it says", async () => {
  const [readme, example] = await Promise.all(
    ["../README.md", "./readme-example.ts"].map((path) => readFile(new URL(path, import.meta.url), "utf8")),
  )
  const [, code] = /```ts\n(.*?)```/s.exec(readme as string) ?? []
  expect(example?.replace("../src/index.js", "@fabra/metrics")).toContain(code)
  const { endpoint, metrics } = await import("./readme-example.js")
  await using _ = endpoint
  expect(endpoint.url).toBe("http://127.0.0.1:9464/metrics")
  expect((await scrape(endpoint.url)).sum("fabra_bus_up")).toBe(1)
  expect(new Exposition(await metrics.text()).sum("fabra_partitions_owned")).toBe(0)
})
