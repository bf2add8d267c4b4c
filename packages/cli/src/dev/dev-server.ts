import { once } from "node:events"
import { createServer as createHttpServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { FeatureStore } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { createServer, type FabraServer, type ServerOptions } from "@fabra/server"

/** What development listens at: nobody else can reach it, so no keys are needed. */
const HOST = "127.0.0.1"

/**
 * The HTTP API of a store that can be exchanged for another while it listens, so that no request meets a closed door.
 */
export class DevServer {
  readonly #http: Server
  readonly #options: ServerOptions
  readonly #prepare: (server: FabraServer) => void
  #current: FabraServer | undefined

  /** @param prepare adds routes to each server before it is used */
  constructor(options: ServerOptions, prepare: (server: FabraServer) => void) {
    this.#options = options
    this.#prepare = prepare
    this.#http = createHttpServer((request, response) => this.#current?.fastify.routing(request, response))
  }

  /** Serves this store from now on. What the one before has begun is finished. */
  async serve(store: FeatureStore): Promise<void> {
    const server = createServer(store, this.#options)
    this.#prepare(server)
    await server.fastify.ready()
    const before = this.#current
    this.#current = server
    await before?.close()
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
    await this.#current?.close()
    this.#http.closeAllConnections()
  }
}
