import type { Entity, Feature } from "@fabra/core"
import { checkEntityId, nearest } from "@fabra/events"
import { Type } from "@sinclair/typebox"
import { onCache, type ServerContext } from "../context.js"
import { durationMs } from "../duration.js"
import { sendTagged } from "../etag.js"
import { Problem } from "../problem.js"
import { Duration, FeatureValues, problems, strict } from "../schemas.js"
import type { TypeBoxApp } from "../typebox.js"
import { toServed } from "../wire-values.js"

const MaxAge = Type.Unsafe<string>({
  ...Duration,
  description: "Values computed longer ago are marked STALE.",
  examples: ["60s"],
})

/** `GET /features/:entity/:id` and `POST /features`. */
export function addFeatureRoutes(app: TypeBoxApp, context: ServerContext): void {
  app.route({
    method: "GET",
    url: "/features/:entity/:id",
    config: { scope: "read" },
    schema: {
      summary: "Read features of one entity",
      tags: ["features"],
      params: Type.Object({ entity: Type.String(), id: Type.String() }),
      querystring: Type.Object(
        {
          names: Type.Optional(Type.String({ description: "Comma-separated. Default: all of the entity." })),
          max_age: Type.Optional(MaxAge),
        },
        strict,
      ),
      response: {
        200: Type.Object({ entity: Type.String(), entity_id: Type.String(), features: FeatureValues }, strict),
        304: Type.Null({ description: "The client has just this (If-None-Match)." }),
        ...problems(400, 404, 503),
      },
    },
    handler: async (request, reply) => {
      const { params, query } = request
      checkEntityId(params.id, "id")
      const entity = entityOf(context, params.entity)
      const features = featuresOf(context, entity, query.names?.split(","))
      const values = features.length === 0 ? {} : await read(context, features, params.id, query.max_age)
      return sendTagged(request, reply, { entity: entity.name, entity_id: params.id, features: values })
    },
  })
}

async function read({ store, settings }: ServerContext, features: readonly Feature[], id: string, maxAge?: string) {
  const row = await onCache({ store, settings } as ServerContext, store.getFeatures(features, id))
  return toServed(row.features, maxAge === undefined ? undefined : Date.now() - durationMs(maxAge))
}

/** @throws Problem `unknown_entity`, with the nearest known ones */
export function entityOf({ store: { registry } }: ServerContext, name: string): Entity {
  const found = registry.entities.get(name)
  if (found !== undefined) return found
  throw unknown("unknown_entity", `There is no entity "${name}".`, name, [...registry.entities.keys()], "entity")
}

function featuresOf({ store: { registry } }: ServerContext, entity: Entity, names?: readonly string[]): Feature[] {
  const all = [...registry.features.values()].filter((feature) => feature.entity === entity)
  return (
    names?.map((name) => {
      const found = all.find((feature) => feature.name === name)
      if (found !== undefined) return found
      const known = all.map((feature) => feature.name)
      throw unknown("unknown_feature", `${entity.name} has no feature "${name}".`, name, known, "query.names")
    }) ?? all
  )
}

function unknown(
  code: "unknown_entity" | "unknown_feature",
  message: string,
  name: string,
  known: readonly string[],
  path: string,
): Problem {
  const near = nearest(name, known)
  const hint = near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`
  return new Problem(code, `${message}${hint}`, { path, allowed: near.length === 0 ? known : near })
}
