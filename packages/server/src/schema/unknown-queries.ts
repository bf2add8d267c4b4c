import { Type } from "@sinclair/typebox"
import type { FastifyInstance } from "fastify"
import { strict } from "./schemas.js"

const NOTHING = Type.Object({}, strict)

/**
 * Has each route refuse query parameters that it does not know: one that is misspelled, or meant for another route, would
 * else be ignored, and a dry run would be real. To be called before all routes.
 */
export function refuseUnknownQueries(app: FastifyInstance): void {
  app.addHook("onRoute", (route) => {
    if (route.url.startsWith("/docs")) return // files of a page of others
    route.schema = { querystring: NOTHING, ...route.schema }
  })
}
