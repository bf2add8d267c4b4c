import { Type } from "@sinclair/typebox"
import { toJson } from "../answer/wire-values.js"
import type { ServerContext } from "../context.js"
import { payloadSchema } from "../schema/payload-schema.js"
import { named, problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

const Catalog = Type.Object(
  {
    entities: Type.Array(
      Type.Object({ name: Type.String(), key: Type.String({ description: "What its id is called in rows." }) }, strict),
    ),
    features: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          entity: Type.String(),
          triggers: Type.Array(Type.String({ description: "Types of the events that change it." })),
          initial: Type.Any({ description: "Served, as DEFAULT, before the first event; null when there is none." }),
          max_retries: Type.Integer(),
          timeout_ms: Type.Number(),
          keyed: Type.Optional(Type.Literal(true, { description: "Its key says which entities an event changes." })),
          about: Type.Optional(
            Type.String({ description: "What is made of events when it is read, as sum over the last 1h." }),
          ),
        },
        strict,
      ),
    ),
    indexes: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          metric: Type.String({ description: "How nearness is measured: cosine, inner_product or l2." }),
          language: Type.String({ description: "In which its words are read." }),
          dimensions: Type.Integer({ description: "How many numbers a vector has that is searched for." }),
        },
        strict,
      ),
    ),
    events: Type.Array(
      Type.Object(
        {
          event_type: Type.String(),
          features: Type.Array(Type.String({ description: "What it changes." })),
          schema: Type.Any({ description: "JSON Schema of its payload; null where none is known." }),
        },
        strict,
      ),
    ),
  },
  named("Catalog"),
)

/** `GET /catalog`: what the store knows. */
export function addCatalogRoute(app: TypeBoxApp, { store }: ServerContext): void {
  const { registry } = store
  app.route({
    method: "GET",
    url: "/catalog",
    config: { scope: "read" },
    schema: {
      operationId: "getCatalog",
      summary: "Entities, features, indexes, and the events that change them",
      tags: ["features"],
      response: { 200: Catalog, ...problems() },
    },
    handler: async () => ({
      entities: [...registry.entities.values()].map(({ name, key }) => ({ name, key })),
      features: [...registry.features.values()].map((feature) => ({
        name: feature.name,
        entity: feature.entity.name,
        triggers: feature.triggers,
        initial: toJson(feature.initial),
        max_retries: feature.maxRetries,
        timeout_ms: feature.timeoutMs,
        ...(feature.keyed && { keyed: true as const }),
        ...(feature.state && { about: feature.state.about }),
      })),
      indexes: [...registry.indexes.values()].map(({ name, metric, language, embedder = store.embedder }) => ({
        name,
        metric,
        language,
        dimensions: embedder.dimensions,
      })),
      events: registry.eventTypes.map((eventType) => ({
        event_type: eventType,
        features: registry.changedBy(eventType).map(({ name }) => name),
        schema: payloadSchema(registry.events.get(eventType)),
      })),
    }),
  })
}
