import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { FeatureStore } from "@fabra/core"
import { defineEvent, MemoryEventBus } from "@fabra/events"
import { createServer, type ServerOptions } from "@fabra/server"
import { silent } from "@fabra/test-support"
import { AxiomWorker } from "@fabra/worker"
import { onTestFinished } from "vitest"
import { z } from "zod"

/** A server with a worker, and what its module of features exports. */
export async function startServer(options: Partial<ServerOptions> = {}) {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  const purchase = defineEvent("purchase", z.object({ amount: z.number() }))
  const total = store.feature("total", {
    entity: User,
    trigger: purchase,
    initial: 0,
    compute: (_id, event, { current }) => current + event.payload.amount,
  })
  const order = store.feature("order", {
    entity: User,
    trigger: purchase,
    initial: [] as string[],
    compute: (_id, event, { current }) => [...current, event.eventId],
  })
  const fragile = store.feature("fragile", {
    entity: User,
    trigger: "fall",
    maxRetries: 0,
    compute: (): number => {
      throw new Error("broken")
    },
  })
  const documents = store.vectorIndex("documents")
  const bus = new MemoryEventBus()
  const worker = new AxiomWorker(store, { bus, logger: silent })
  worker.run()
  const server = createServer(store, { bus, port: 0, logger: silent, ...options })
  const { url } = await server.listen()
  onTestFinished(async () => {
    await server.close()
    await worker.stop()
  })
  return { url, server, store, worker, bus, features: { User, purchase, total, order, fragile, documents } }
}

export type Features = Awaited<ReturnType<typeof startServer>>["features"]

/**
 * Stands between client and server: `judge` sees each request, numbered from 1. `pass` gives the answer on, `lose` lets
 * the request through and cuts the connection instead of answering; anything else is the answer, with that status.
 */
export async function startMiddleman(
  url: string,
  judge: (request: number, body: string) => "pass" | "lose" | { status: number; body?: string; headers?: object },
) {
  let requests = 0
  const server = createHttpServer(async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    let body = ""
    for await (const chunk of incoming) body += chunk
    const verdict = judge(++requests, body)
    if (typeof verdict === "object") {
      outgoing.writeHead(verdict.status, { ...verdict.headers }).end(verdict.body ?? "")
      return
    }
    const { method = "GET", headers: given } = incoming
    const sent = method === "GET" ? {} : { headers: { "content-type": given["content-type"] as string }, body }
    const answer = await fetch(url + incoming.url, { method, ...sent })
    const text = await answer.text()
    if (verdict === "lose") incoming.socket.resetAndDestroy()
    else outgoing.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text)
  }).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests
    },
  }
}
