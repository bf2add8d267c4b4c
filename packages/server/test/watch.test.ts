import { once } from "node:events"
import { createServer as createHttpServer, type ServerResponse } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { FabraError } from "@fabra/events"
import { describe, expect, onTestFinished, test } from "vitest"
import { createApiKey } from "../src/index.js"
import type { AppliedFeed, AppliedNotices } from "../src/watch/feed.js"
import { Watchers } from "../src/watch/watchers.js"
import { startServer } from "./support.js"

/** A feed that counts its subscriptions. */
class TestFeed implements AppliedFeed {
  readonly listeners = new Set<(notices: AppliedNotices) => void>()
  subscriptions = 0
  told = 0

  async subscribe(onNotices: (notices: AppliedNotices) => void, signal: AbortSignal) {
    this.subscriptions++
    this.listeners.add(onNotices)
    signal.addEventListener("abort", () => this.listeners.delete(onNotices))
  }

  /** Tells of some events, whose values take so many bytes together. */
  publish(bytes = 10, skipped = 0): void {
    const notice = { event_type: "purchase", entity: "User", entity_id: "ann", attempts: 1, duration_ms: 2 }
    const features = { said: "x".repeat(bytes), cents: 5n }
    this.told += 1 + skipped
    for (const tell of this.listeners) tell({ applied: [{ ...notice, event_id: `e${this.told}`, features }], skipped })
  }
}

/** A client that reads when it is told to. */
class WatchClient {
  readonly socket: Socket
  readonly lines: any[] = []
  #rest = ""

  constructor(url: string, request = "GET /watch HTTP/1.1\r\nhost: localhost\r\n\r\n") {
    this.socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" })
    this.socket.setEncoding("utf8").on("data", (data) => this.#parse(String(data)))
    this.socket.on("error", () => {})
    this.socket.pause()
    this.socket.write(request)
    onTestFinished(() => void this.socket.destroy())
  }

  read(): this {
    this.socket.resume()
    return this
  }

  /** How many events it knows of: those it is told, and those it is told to have missed. */
  get events(): number {
    return this.lines.reduce((sum, { applied, skipped }) => sum + applied.length + skipped, 0)
  }

  /** A chunk of the answer is a line of JSON; what stands between are headers and the lengths of chunks. */
  #parse(data: string): void {
    const lines = (this.#rest + data).split("\n")
    this.#rest = lines.pop() ?? ""
    for (const line of lines) if (line.startsWith("{")) this.lines.push(JSON.parse(line))
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** All clients of one server, without the rest of the server. */
async function startWatchers(patienceMs: number) {
  const feed = new TestFeed()
  const watchers = new Watchers(feed, 10, patienceMs)
  const answers: ServerResponse[] = []
  const server = createHttpServer(async (_request, response) => {
    await watchers.enter(response)
    response.flushHeaders()
    watchers.add(response)
    answers.push(response)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const watch = async () => {
    const client = new WatchClient(url)
    const before = answers.length
    await expect.poll(() => answers.length).toBe(before + 1)
    return { client, answer: answers.at(-1) as ServerResponse }
  }
  return { feed, watchers, watch }
}

/** More than the sockets of both sides hold. */
async function flood(feed: TestFeed): Promise<void> {
  for (let i = 0; i < 200; i++) {
    feed.publish(200_000)
    await turn()
  }
}

describe("a client that does not read", () => {
  test("leaves at most 1 MiB in the server, and learns how many events it has missed; others miss none", async () => {
    const { feed, watch } = await startWatchers(60_000)
    const [slow, quick] = [await watch(), await watch()]
    quick.client.read()
    let most = 0
    for (let i = 0; i < 200; i++) {
      feed.publish(200_000)
      await expect.poll(() => quick.client.events, { interval: 1 }).toBe(feed.told)
      most = Math.max(most, slow.answer.writableLength)
    }
    expect(most).toBeLessThanOrEqual(1024 * 1024)
    expect(most).toBeGreaterThan(500_000)
    slow.client.read()
    await expect.poll(() => slow.client.events).toBe(200)
    expect(slow.client.lines.length).toBeLessThan(200)
    feed.publish()
    await expect.poll(() => slow.client.lines.at(-1)).toMatchObject({ applied: [{ event_id: "e201" }], skipped: 0 })
  }, 30_000)

  test("of many small lines leaves less: what Node keeps for each line counts", async () => {
    const { feed, watch } = await startWatchers(60_000)
    const { client, answer } = await watch()
    for (let i = 0; i < 10_000; i++) feed.publish()
    expect(answer.writableLength).toBeLessThan(512 * 1024)
    client.read()
    await expect.poll(() => client.events).toBe(10_000)
  })

  test("is told that it is over, and why, with all that it has missed", async () => {
    const { feed, watch } = await startWatchers(2000)
    const { client, answer } = await watch()
    await flood(feed)
    await expect.poll(() => answer.writableEnded, { timeout: 10_000 }).toBe(true)
    client.read()
    await expect.poll(() => client.lines.at(-1)?.code).toBe("request_timeout")
    expect(client.lines.at(-1)).toEqual({
      applied: [],
      skipped: expect.any(Number),
      code: "request_timeout",
      detail: "Nothing was read for 2 s. Watch again, and read what comes.",
    })
    expect(client.events).toBe(200)
  }, 20_000)

  test("is closed, and its place is free", async () => {
    const { feed, watch } = await startWatchers(100)
    const { answer } = await watch()
    await flood(feed)
    await expect.poll(() => answer.destroyed, { timeout: 10_000 }).toBe(true)
    await expect.poll(() => feed.listeners.size).toBe(0)
  })
})

test("a client goes on watching while nothing is applied, however long", async () => {
  const { feed, watch } = await startWatchers(20)
  const { client } = await watch()
  client.read()
  for (const events of [1, 2]) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    feed.publish()
    await expect.poll(() => client.events).toBe(events)
  }
})

test("a line that is too large for anybody is counted as missed", async () => {
  const { feed, watch } = await startWatchers(60_000)
  const { client } = await watch()
  client.read()
  feed.publish(2 * 1024 * 1024, 5)
  feed.publish()
  await expect.poll(() => client.lines).toMatchObject([{ applied: [], skipped: 6 }, { applied: [{ event_id: "e7" }] }])
})

describe("GET /watch", () => {
  /** A server with a feed, and how to watch it. */
  async function start(options: Parameters<typeof startServer>[0] = {}) {
    const feed = new TestFeed()
    const all = await startServer({ feed, drainMs: 100, ...options })
    const watch = (key = "") => {
      const stop = new AbortController()
      onTestFinished(() => stop.abort())
      return fetch(`${all.url}/watch`, { headers: { "x-api-key": key }, signal: stop.signal }).then((response) => ({
        response,
        leave: () => stop.abort(),
      }))
    }
    return { ...all, feed, watch }
  }

  test("is there only where the server has a feed", async () => {
    const { get } = await startServer()
    expect((await get("/watch")).status).toBe(404)
  })

  test("tells what workers apply, in lines of JSON, until the server is closed", async () => {
    const { feed, watch, server } = await start()
    const { response } = await watch()
    expect(response.headers.get("content-type")).toBe("application/x-ndjson")
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
    feed.publish(1, 3)
    await server.close()
    const features = { said: "x", cents: "5" }
    const notice = { event_type: "purchase", entity: "User", entity_id: "ann", attempts: 1, duration_ms: 2 }
    expect(JSON.parse(await response.text())).toEqual({
      applied: [{ ...notice, event_id: "e4", features }],
      skipped: 3,
    })
  })

  test("of many clients has one subscription, from the first client to the last", async () => {
    const { feed, watch } = await start()
    const clients = await Promise.all(Array.from({ length: 20 }, () => watch()))
    expect({ opened: feed.subscriptions, open: feed.listeners.size }).toEqual({ opened: 1, open: 1 })
    for (const { leave } of clients.slice(1)) leave()
    await turn()
    expect(feed.listeners.size).toBe(1)
    clients[0]?.leave()
    await expect.poll(() => feed.listeners.size).toBe(0)
    await watch()
    expect({ opened: feed.subscriptions, open: feed.listeners.size }).toEqual({ opened: 2, open: 1 })
  })

  test("of more clients than the server takes is refused, until one leaves", async () => {
    const { watch, get } = await start({ maxWatchers: 2 })
    const [first] = [await watch(), await watch()]
    const refused = await get("/watch")
    expect(refused.body).toMatchObject({ status: 429, code: "rate_limited", detail: /^2 clients watch already/ })
    expect(refused.headers.get("retry-after")).toBe("1")
    first?.leave()
    await expect.poll(async () => (await watch()).response.status).toBe(200)
  })

  test("is refused while the feed cannot be had, and tried anew for the next client", async () => {
    const { feed, watch, get } = await start({ maxWatchers: 1 })
    const { subscribe } = feed
    feed.subscribe = () => Promise.reject(new FabraError("bus_unavailable", "Redis: down."))
    for (let i = 0; i < 3; i++) expect((await get("/watch")).body.code).toBe("bus_unavailable")
    feed.subscribe = subscribe
    expect((await watch()).response.status).toBe(200)
  })

  test("needs a key with the scope read, and counts for the rate limit", async () => {
    const ingest = createApiKey("shop", ["ingest"])
    const reader = createApiKey("model", ["read"])
    const { watch } = await start({ apiKeys: [ingest.apiKey, reader.apiKey], maxRequestsPerMinute: 3 })
    expect((await watch()).response.status).toBe(401)
    expect((await watch(ingest.key)).response.status).toBe(403)
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await watch(reader.key)).response.status)
    expect(statuses).toEqual([200, 200, 200, 429])
  })

  test("takes no parameters, and no HEAD, which would never end", async () => {
    const { get, url, feed } = await start()
    expect((await get("/watch?entity=User")).body).toMatchObject({ code: "invalid_request", path: "query.entity" })
    expect((await fetch(`${url}/watch`, { method: "HEAD" })).status).toBe(405)
    expect(feed.subscriptions).toBe(0)
  })

  test("sent twice on one connection takes one place, which is free when the connection ends", async () => {
    const { url, feed, watch } = await start({ maxWatchers: 1 })
    const request = "GET /watch HTTP/1.1\r\nhost: localhost\r\n\r\n"
    const client = new WatchClient(url, request.repeat(5))
    await expect.poll(() => feed.listeners.size).toBe(1)
    client.socket.destroy()
    await expect.poll(async () => (await watch()).response.status).toBe(200)
  })

  test("of a client that does not read does not hold up the closing of the server", async () => {
    const { url, feed, server } = await start({ drainMs: 3_600_000 })
    new WatchClient(url)
    await expect.poll(() => feed.listeners.size).toBe(1)
    await flood(feed)
    await server.close()
  })
})
