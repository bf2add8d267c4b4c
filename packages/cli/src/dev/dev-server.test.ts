import { createClient } from "@fabra/client"
import { FeatureStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { silent } from "@fabra/test-support"
import { expect, onTestFinished, test } from "vitest"
import { MemoryFeed } from "../feed/memory-feed.js"
import { DevServer } from "./dev-server.js"

test("a client goes on watching when the store is exchanged; the server before is closed when it leaves", async () => {
  const feed = new MemoryFeed()
  const server = new DevServer({ bus: new MemoryEventBus(), feed, logger: silent })
  onTestFinished(() => server.close())
  await server.serve(new FeatureStore())
  const client = createClient({ url: await server.listen(0) })
  const watching = client.watch()
  const first = watching.next()
  const watchers = () => feed.publish({ applied: [], skipped: 0 })
  await expect.poll(watchers).toBe(1)
  await server.serve(new FeatureStore())
  await server.serve(new FeatureStore())
  await feed.publish({ applied: [], skipped: 3 })
  expect((await first).value).toEqual({ applied: [], skipped: 3 })
  await watching.return()
  await expect.poll(watchers).toBe(0)
})
