import { readFile } from "node:fs/promises"
import { createEvent } from "@fabra/events"
import { expect, test } from "vitest"

test("the README's example runs", async () => {
  const [readme, example] = await Promise.all(
    ["../README.md", "./readme-example.ts"].map((path) => readFile(new URL(path, import.meta.url), "utf8")),
  )
  const [, code] = /```ts\n(.*?)```/s.exec(readme as string) ?? []
  expect(example?.replace("../src/index.js", "@fabra/logs")).toContain(code)
  const { bus, store, worker } = await import("./readme-example.js")
  const User = store.entity("User", { key: "user_id" })
  const seen = store.feature("seen", { entity: User, trigger: "purchase", compute: () => true })
  const running = worker.run()
  await bus.publish(createEvent({ eventType: "purchase", entityId: "ann" }))
  await worker.idle()
  expect(await store.getFeature(seen, "ann")).toBe(true)
  await worker.stop()
  await running
})
