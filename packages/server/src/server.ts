import type { FeatureStore } from "@fabra/core"
import { busOf } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"
import cors from "@fastify/cors"
import Fastify, { type FastifyInstance } from "fastify"
import type { Scope } from "./access/api-keys.js"
import { addCheck, guardRoutes, identify } from "./access/guard.js"
import { limitRequests } from "./access/rate-limit.js"
import { clientErrorHandler } from "./answer/client-error.js"
import { answerErrors, sendProblem } from "./answer/error-answers.js"
import { answerOptions, refuseOtherMethods } from "./answer/other-methods.js"
import { Problem, toProblem } from "./answer/problem.js"
import { readsJson } from "./body/read-json.js"
import { resolveSettings, type ServerOptions, type Settings } from "./options.js"
import { addRoutes } from "./routes.js"
import { refuseUnknownQueries } from "./schema/unknown-queries.js"
import { validatorCompiler } from "./schema/validation.js"

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a key must be allowed to do to use the route; `public`: no key is asked for. Default `admin`. */
    scope?: Scope | "public"
    /** Of `OPTIONS`: the methods of the path, as the header `allow` has them. */
    allow?: string
  }
}

/** Longest part of a path: an id of 1 KiB, each byte percent-encoded. */
const MAX_PARAM_LENGTH = 3 * 1024

const SWEEP_MS = 20

/** A connection on which nothing moves for this long is closed: its client does not read its answer. */
const IDLE_MS = 120_000

/** An HTTP server for a feature store. */
export interface FabraServer extends AsyncDisposable {
  /** Starts to listen. @throws FabraError `invalid_setting` when the address cannot be used */
  listen(): Promise<{ readonly url: string }>
  /** Takes no more requests, finishes those begun within `drainMs`, and resolves. Idempotent. */
  close(): Promise<void>
  /** The Fastify instance underneath, to add routes to before {@link listen}, or to `inject` requests in tests. */
  readonly fastify: FastifyInstance
}

/**
 * Makes the HTTP API of a store: ingest events, read features, search, operate.
 *
 * @example
 * const server = createServer(store, { bus, cache })
 * const { url } = await server.listen() // http://127.0.0.1:8000
 * @throws FabraError `invalid_setting`, `invalid_name`; `invalid_argument` when neither the options nor the store name a bus,
 *   and when the store has another cache
 */
export function createServer(store: FeatureStore, options: ServerOptions = {}): FabraServer {
  const settings = resolveSettings(options)
  const bus = busOf(store, options.bus, "createServer")
  if (options.cache !== undefined) store.connect({ cache: options.cache })
  const closing = new AbortController()
  const app = Fastify({
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: 300_000,
    connectionTimeout: IDLE_MS,
    return503OnClosing: false, // its answer would be no problem of ours
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler,
    frameworkErrors: (error, _request, reply) => sendProblem(reply, toProblem(error)),
  })
  configure(app, settings, closing.signal)
  refuseUnknownQueries(app)
  addRoutes(app, { store, bus, settings, closing: closing.signal })
  refuseOtherMethods(app)

  let closed: Promise<void> | undefined
  const close = () => {
    closing.abort()
    closed ??= closeWithin(app, settings.drainMs)
    return closed
  }
  return { fastify: app, listen: () => listen(app, settings), close, [Symbol.asyncDispose]: close }
}

function configure(app: FastifyInstance, settings: Settings, closing: AbortSignal): void {
  app.setValidatorCompiler(validatorCompiler)
  // Schemas of answers are for the documentation: they must never change what is sent.
  app.setSerializerCompiler(() => JSON.stringify)
  app.removeAllContentTypeParsers()
  readsJson(app, ["application/json"], settings.maxBodyBytes)
  answerErrors(app, settings)
  addCheck(app, "onRequest", (_request, reply) => {
    reply.header("x-content-type-options", "nosniff")
    if (!closing.aborted) return
    throw new Problem("closing", "The server is being closed.", { headers: { connection: "close" } })
  })
  const { metrics } = settings
  if (metrics?.requestEnded !== undefined) {
    app.addHook("onResponse", async ({ method, is404, routeOptions }, { statusCode: status, elapsedTime }) => {
      metrics.requestEnded?.({ method, route: is404 ? undefined : routeOptions.url, status, durationMs: elapsedTime })
    })
  }
  identify(app, settings)
  answerOptions(app)
  if (settings.corsOrigins.length > 0) {
    app.register(cors, {
      origin: [...settings.corsOrigins],
      methods: ["GET", "HEAD", "POST", "DELETE"],
      exposedHeaders: ["etag", "retry-after"],
      maxAge: 600,
    })
  }
  limitRequests(app, settings)
  guardRoutes(app, settings)
}

async function listen(app: FastifyInstance, { host, port }: Settings): Promise<{ readonly url: string }> {
  await app.ready()
  try {
    return { url: await app.listen({ host, port }) }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const reason = code === "EADDRINUSE" ? "something else listens there" : message
    throw new FabraError("invalid_setting", `The server cannot listen at ${host}, port ${port}: ${reason}.`, {
      path: code === "EADDRINUSE" ? "port" : "host",
      cause,
    })
  }
}

async function closeWithin(app: FastifyInstance, ms: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), ms)
  // A connection that is kept alive is closed when its last answer is sent, not when its client may think of it.
  const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
    clearInterval(sweep)
  }
}
