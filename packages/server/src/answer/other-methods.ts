import type { FastifyInstance } from "fastify"
import { Problem } from "./problem.js"

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

/**
 * Answers `OPTIONS` of a known path with what is allowed. To be called before other origins are let in: what a browser asks
 * for them is left to that, and where none are, it is answered like any other.
 */
export function answerOptions(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ method, headers, routeOptions }, reply) => {
    const { allow } = routeOptions.config
    if (method !== "OPTIONS" || allow === undefined) return
    if (app.hasRequestDecorator("corsPreflightEnabled") && headers["access-control-request-method"] !== undefined)
      return
    return reply.code(204).header("allow", allow).send()
  })
}

/** Answers 405, with what is allowed, where a path is known and the method is not. To be called after all routes. */
export function refuseOtherMethods(app: FastifyInstance): void {
  const known = new Map<string, Set<string>>()
  app.addHook("onRoute", ({ url, method, schema }) => {
    if (schema?.hide === true) return
    const methods = known.get(url) ?? new Set()
    known.set(url, methods)
    for (const one of [method].flat()) methods.add(one)
  })
  app.register(async (last) => {
    const limit = last.hasDecorator("rateLimit") ? [last.rateLimit()] : []
    for (const [url, methods] of [...known]) {
      const allowed = [...methods, "OPTIONS"].sort()
      last.route({
        method: METHODS.filter((method) => !methods.has(method)),
        url,
        schema: { hide: true },
        config: { scope: "public", rateLimit: false, allow: allowed.join(", ") },
        // Before anything of the request is judged that only a real route would need.
        onRequest: [
          ...limit,
          async ({ method }) => {
            const message = `${url} knows no ${method}.`
            throw new Problem("method_not_allowed", message, { allowed, headers: { allow: allowed.join(", ") } })
          },
        ],
        handler: () => {},
      })
    }
  })
}
