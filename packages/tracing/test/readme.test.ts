import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { keepSpans } from "./spans.js"

test("the README's example runs, and its publish makes a span", async () => {
  const [readme, example] = await Promise.all(
    ["../README.md", "./readme-example.ts"].map((path) => readFile(new URL(path, import.meta.url), "utf8")),
  )
  const [, code] = /```ts\n(.*?)```/s.exec(readme as string) ?? []
  expect(example?.replace("../src/index.js", "@fabra/tracing")).toContain(code)
  const spans = keepSpans()
  const { bus, worker } = await import("./readme-example.js")
  const running = worker.run()
  await worker.idle()
  await worker.stop()
  await running
  await bus.close()
  expect(spans.ended().map(({ name }) => name)).toEqual(["publish purchase"])
})
