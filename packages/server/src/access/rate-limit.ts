import rateLimit from "@fastify/rate-limit"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { Problem } from "../answer/problem.js"
import type { Settings } from "../options.js"

/** Counts the requests of each key, or of each address without one, for unknown paths and methods too. */
export function limitRequests(app: FastifyInstance, { keys, maxRequestsPerMinute }: Settings): void {
  if (keys.size === 0) return
  app.register(rateLimit, {
    max: maxRequestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ apiKey, ip }: FastifyRequest) => (apiKey === undefined ? `ip ${ip}` : `key ${apiKey.name}`),
    errorResponseBuilder: (_request, { max }) =>
      new Problem("rate_limited", `More than ${max} requests in a minute. Try again when retry-after has passed.`),
  })
  // The plugin counts requests of routes only.
  app.after(() => {
    const limit = app.rateLimit()
    app.addHook("onRequest", async function (request, reply) {
      if (request.is404) await limit.call(this, request, reply)
    })
  })
}
