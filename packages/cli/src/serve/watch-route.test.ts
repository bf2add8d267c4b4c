import { createClient } from "@fabra/client"
import { FeatureStore } from "@fabra/core"
import { MemoryEventBus } from "@fabra/events"
import { createServer } from "@fabra/server"
import { expect, onTestFinished, test } from "vitest"
import { MemoryFeed } from "../feed/memory-feed.js"
import { addWatchRoute } from "./watch-route.js"

const notice = { event_type: "purchase", entity: "User", entity_id: "ann", event_id: "e1", attempts: 1, duration_ms: 2 }

test("a client watches what is told until the server ends, and is told that it has", async () => {
  const feed = new MemoryFeed()
  const stop = new AbortController()
  const server = createServer(new FeatureStore(), { bus: new MemoryEventBus(), port: 0 })
  onTestFinished(() => server.close())
  addWatchRoute(server, feed, stop.signal)
  const { url } = await server.listen()
  const tell = setInterval(() => feed.publish({ applied: [{ ...notice, features: { total: 1n } }], skipped: 2 }), 5)
  onTestFinished(() => clearInterval(tell))
  const watch = async () => {
    for await (const notices of createClient({ url }).watch()) {
      expect(notices.skipped).toBe(2)
      expect(notices.applied).toEqual([
        {
          eventType: "purchase",
          entityType: "User",
          entityId: "ann",
          eventId: "e1",
          features: { total: "1" },
          attempts: 1,
          durationMs: 2,
        },
      ])
      stop.abort()
    }
  }
  await expect(watch()).rejects.toMatchObject({ code: "unreachable", message: "The server has ended the connection." })
})

test("a client goes on watching while nothing is applied, however long", async () => {
  const feed = new MemoryFeed()
  const stop = new AbortController()
  const server = createServer(new FeatureStore(), { bus: new MemoryEventBus(), port: 0 })
  onTestFinished(() => server.close())
  addWatchRoute(server, feed, stop.signal)
  const { url } = await server.listen()
  server.fastify.server.timeout = 50
  onTestFinished(() => stop.abort())
  const watching = createClient({ url }).watch()[Symbol.asyncIterator]()
  const first = watching.next()
  setTimeout(() => feed.publish({ applied: [{ ...notice, features: {} }], skipped: 0 }), 400)
  expect((await first).value).toMatchObject({ applied: [{ eventId: "e1" }] })
})
