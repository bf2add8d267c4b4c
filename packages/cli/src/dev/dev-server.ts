import { once } from "node:events"
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { FeatureStore } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { createServer, type FabraServer, type ServerOptions } from "@fabra/server"

/** What development listens at: nobody else can reach it, so no keys are needed. */
const HOST = "127.0.0.1"

/** A server, and how many requests it has not answered to the end. */
interface Served {
  readonly server: FabraServer
  unanswered: number
}

/**
 * The HTTP API of a store that can be exchanged for another while it listens, so that no request meets a closed door.
 */
export class DevServer {
  readonly #http: Server
  readonly #options: ServerOptions
  readonly #open = new Set<Served>()
  #current: Served | undefined

  constructor(options: ServerOptions) {
    this.#options = options
    this.#http = createHttpServer((request, response) => this.#answer(request, response))
  }

  /** Serves this store from now on. The server before finishes what it has begun, and is closed then. */
  async serve(store: FeatureStore): Promise<void> {
    const next = { server: createServer(store, this.#options), unanswered: 0 }
    this.#open.add(next)
    await next.server.fastify.ready()
    const before = this.#current
    this.#current = next
    if (before?.unanswered === 0) await this.#close(before)
  }

  /** @throws FabraError `invalid_setting` when the port is taken */
  async listen(port: number): Promise<string> {
    this.#http.listen(port, HOST)
    try {
      await once(this.#http, "listening")
    } catch (cause) {
      const isTaken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE"
      const why = isTaken ? "is taken; choose another with --port" : `cannot be used: ${(cause as Error).message}`
      throw new FabraError("invalid_setting", `Port ${port} ${why}.`, { path: "FABRA_PORT", cause })
    }
    return `http://${HOST}:${(this.#http.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    if (this.#http.listening) {
      this.#http.close()
      this.#http.closeIdleConnections()
    }
    await Promise.all([...this.#open].map((served) => this.#close(served)))
    this.#http.closeAllConnections()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const served = this.#current
    if (served === undefined) return
    served.unanswered++
    response.once("close", () => {
      if (--served.unanswered === 0 && served !== this.#current) this.#close(served)
    })
    served.server.fastify.routing(request, response)
  }

  #close(served: Served): Promise<void> {
    this.#open.delete(served)
    return served.server.close()
  }
}
