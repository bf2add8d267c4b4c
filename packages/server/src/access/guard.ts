import { isLoopback } from "@fabra/events/adapter"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { headerPath, Problem } from "../answer/problem.js"
import type { Settings } from "../options.js"
import { type ApiKey, allows, type Scope } from "./api-keys.js"

declare module "fastify" {
  interface FastifyRequest {
    /** The key that the request presents, if it is one of ours. */
    apiKey: ApiKey | undefined
  }
}

/** Runs `check` for each request, which is refused with what it throws. Costs no promise, unlike an `async` hook. */
export function addCheck(
  app: FastifyInstance,
  when: "onRequest" | "preParsing",
  check: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  const run = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    try {
      check(request, reply)
    } catch (error) {
      return done(error as Error)
    }
    done()
  }
  if (when === "onRequest") app.addHook(when, run)
  else app.addHook(when, (request, reply, _payload, done) => run(request, reply, done))
}

/** Learns who asks. To be added before requests are counted; {@link guardRoutes} after. */
export function identify(app: FastifyInstance, { keys }: Settings): void {
  app.decorateRequest("apiKey", undefined)
  // Nearly all requests name the same one.
  let lastHost: string | undefined
  addCheck(app, "onRequest", (request) => {
    if (keys.size === 0) {
      const { hostname } = request
      if (hostname !== lastHost) checkHost(hostname)
      lastHost = hostname
      return
    }
    const key = presented(request)
    if (key !== undefined) request.apiKey = keys.find(key)
  })
}

/** Lets only those in who may use the route, before anything of the body is read. */
export function guardRoutes(app: FastifyInstance, settings: Settings): void {
  addCheck(app, "preParsing", (request) => {
    const { scope = "admin" } = request.routeOptions.config
    if (scope !== "public" && !request.is404) requireScope(settings, request, scope)
    const encoding = request.headers["content-encoding"] ?? "identity"
    if (encoding !== "identity") {
      throw new Problem("unsupported_media_type", "Bodies are taken uncompressed only.", {
        path: headerPath("content-encoding"),
      })
    }
  })
}

/** @throws Problem `unauthorized`, `forbidden` */
export function requireScope({ keys }: Settings, { apiKey }: FastifyRequest, scope: Scope): void {
  if (keys.size === 0) return
  if (apiKey === undefined) {
    throw new Problem("unauthorized", "Send a valid API key: authorization: Bearer <key>, or x-api-key: <key>.", {
      headers: { "www-authenticate": "Bearer" },
    })
  }
  if (allows(apiKey, scope)) return
  throw new Problem("forbidden", `The API key "${apiKey.name}" may not do this: it needs the scope ${scope}.`, {
    allowed: [...new Set([scope, "admin"])],
  })
}

function presented({ headers }: FastifyRequest): string | undefined {
  const own = headers["x-api-key"]
  if (typeof own === "string") return own
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1]
}

/**
 * Without keys, whoever reaches the server may use it. A web page can reach this machine by a name of its own that
 * it lets point here (DNS rebinding); it cannot make the browser say `localhost`.
 */
function checkHost(hostname: string): void {
  if (isLoopback(hostname)) return
  const message = "Without API keys this server answers on loopback names only, such as localhost:8000. Set apiKeys."
  throw new Problem("misdirected_request", message, { path: headerPath("host") })
}
