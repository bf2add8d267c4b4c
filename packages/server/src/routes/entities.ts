import { FabraError } from "@fabra/events"
import { Type } from "@sinclair/typebox"
import { Problem } from "../answer/problem.js"
import { onCache, type ServerContext } from "../context.js"
import { entityOf } from "../lookup.js"
import { Nullable, problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

/** `GET /entities/:entity`: pages through the ids that have a record. */
export function addEntityRoutes(app: TypeBoxApp, context: ServerContext): void {
  app.route({
    method: "GET",
    url: "/entities/:entity",
    config: { scope: "read" },
    schema: {
      summary: "Page through the known ids of an entity",
      description: "In no particular order. Ids written meanwhile may be missed or appear; an id may appear twice.",
      tags: ["features"],
      params: Type.Object({ entity: Type.String() }),
      querystring: Type.Object(
        {
          after: Type.Optional(Type.String({ description: "`next` of the page before." })),
          limit: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 10_000, description: "About how many. Default 1000." }),
          ),
        },
        strict,
      ),
      response: {
        200: Type.Object(
          {
            entity: Type.String(),
            ids: Type.Array(Type.String()),
            next: Nullable(Type.String({ description: "Pass as `after`; null at the end." })),
          },
          strict,
        ),
        ...problems(400, 404, 503),
      },
    },
    handler: async ({ params, query: { after, limit = 1000 } }) => {
      const { name } = entityOf(context, params.entity)
      const page = context.store.cache.entities(name, { limit, after }).catch((error) => {
        const { code, message } = FabraError.from(error)
        throw code === "invalid_argument" ? new Problem("invalid_request", message, { path: "query.after" }) : error
      })
      const { ids, next } = await onCache(context, page)
      return { entity: name, ids, next }
    },
  })
}
