import type { EntityQuery, MetadataFilter } from "@fabra/core"
import { FabraError } from "@fabra/events"
import { Type } from "@sinclair/typebox"
import { Problem } from "../answer/problem.js"
import { toServed } from "../answer/wire-values.js"
import { onCache, type ServerContext } from "../context.js"
import { entityOf } from "../lookup.js"
import { FeatureValues, Nullable, problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

/** `GET /entities/:entity`: pages through the ids that have a record. */
export function addEntityRoutes(app: TypeBoxApp, context: ServerContext): void {
  app.route({
    method: "GET",
    url: "/entities/:entity",
    config: { scope: "read" },
    schema: {
      operationId: "findEntities",
      summary: "Page through the known ids of an entity",
      description: "In no particular order. Ids written meanwhile may be missed or appear; an id may appear twice.",
      tags: ["features"],
      params: Type.Object({ entity: Type.String() }),
      querystring: Type.Object(
        {
          after: Type.Optional(Type.String({ description: "`next` of the page before." })),
          filter: Type.Optional(
            Type.String({
              description:
                "A JSON object of features and what their values must be, as of metadata in a search. Every entity is looked at.",
              examples: ['{"total_purchases": {"$gte": 10}}'],
            }),
          ),
          names: Type.Optional(
            Type.String({ description: "Comma-separated: features to answer besides those of the filter." }),
          ),
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
            ids: Type.Array(Type.String({ description: "With a filter those that match: maybe none on this page." })),
            rows: Type.Optional(
              Type.Array(Type.Object({ entity_id: Type.String(), features: FeatureValues }, strict), {
                description: "With a filter: the values that matched.",
              }),
            ),
            scanned: Type.Optional(Type.Integer({ description: "With a filter: how many entities were looked at." })),
            next: Nullable(Type.String({ description: "Pass as `after`; null at the end." })),
          },
          strict,
        ),
        ...problems(400, 404, 503),
      },
    },
    handler: async ({ params, query: { after, limit = 1000, filter, names } }) => {
      const { name } = entityOf(context, params.entity)
      if (filter !== undefined) return await find(context, name, { filter: parse(filter), names, after, limit })
      if (names !== undefined) {
        throw new Problem("invalid_request", "query.names goes with query.filter.", { path: "query.names" })
      }
      const page = context.store.cache.entities(name, { limit, after }).catch((error) => {
        const { code, message } = FabraError.from(error)
        throw code === "invalid_argument" ? new Problem("invalid_request", message, { path: "query.after" }) : error
      })
      const { ids, next } = await onCache(context, page)
      return { entity: name, ids, next }
    },
  })
}

function parse(text: string): MetadataFilter {
  try {
    return JSON.parse(text) as MetadataFilter
  } catch {
    throw new Problem("invalid_request", "query.filter must be a JSON object.", { path: "query.filter" })
  }
}

async function find(
  context: ServerContext,
  entity: string,
  { names, ...query }: EntityQuery & { readonly names: string | undefined },
) {
  const features = names?.split(",")
  const page = context.store.findEntities(entity, { ...query, features }).catch((error) => {
    const { code, message, path } = FabraError.from(error)
    if (code !== "invalid_argument") throw error
    throw new Problem("invalid_request", message, { path: `query.${path ?? "filter"}` })
  })
  const { rows, scanned, next } = await onCache(context, page)
  return {
    entity,
    ids: rows.map(({ entityId }) => entityId),
    rows: rows.map(({ entityId, features }) => ({ entity_id: entityId, features: toServed(features) })),
    scanned,
    next,
  }
}
