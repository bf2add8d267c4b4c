import type { FastifyInstance } from "fastify"
import { Problem } from "./problem.js"

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const

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
      const allowed = [...methods].sort()
      last.route({
        method: METHODS.filter((method) => !methods.has(method)),
        url,
        schema: { hide: true },
        config: { scope: "public", rateLimit: false },
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
