import type { MetadataFilter, VectorIndex } from "@fabra/core"
import { hitToWire } from "@fabra/core/adapter"
import { Type } from "@sinclair/typebox"
import { onSearch, type ServerContext } from "../context.js"
import { unknownName } from "../lookup.js"
import { Nullable, named, problems, strict, Time } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

const Query = Type.Object(
  {
    text: Type.Optional(
      Type.String({ description: "Whose like is looked for. The modes text and hybrid need it.", examples: ["hats"] }),
    ),
    vector: Type.Optional(
      Type.Array(Type.Number(), {
        description: "Near which is looked, instead of the text's: as long as the index's.",
      }),
    ),
    top_k: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: "Most hits. Default 10." })),
    filter: Type.Optional(
      Type.Unsafe<MetadataFilter>({
        type: "object",
        additionalProperties: true,
        description:
          "Which documents count, by their metadata: values, $eq, $in, $gt, $gte, $lt, $lte, $and, $or, $not.",
        examples: [{ lang: "en", year: { $gte: 2020 } }],
      }),
    ),
    mode: Type.Optional(
      Type.Unsafe<"vector" | "text" | "hybrid">({
        type: "string",
        enum: ["vector", "text", "hybrid"],
        description: "By nearness (default), by words, or by both ranks fused.",
      }),
    ),
    ef_search: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: "How many candidates an approximate index looks at: more find better and take longer.",
      }),
    ),
  },
  named("Search"),
)

const Hit = Type.Object(
  {
    entity_id: Type.String(),
    chunk: Type.Integer({ description: "Which one of the document, from 0." }),
    text: Type.String({ description: "The chunk's." }),
    start: Type.Integer({ description: "Where it stands in the document's text, in UTF-16 units." }),
    end: Type.Integer(),
    score: Type.Number({ description: "Greater is better. By text or hybrid: comparable within one answer only." }),
    metadata: Type.Object({}, { additionalProperties: true }),
    event_time: Nullable(Time),
    indexed_at: Time,
  },
  named("Hit"),
)

/** `POST /search/:index`: what is nearest to a text or a vector. */
export function addSearchRoute(app: TypeBoxApp, context: ServerContext): void {
  app.route({
    method: "POST",
    url: "/search/:index",
    config: { scope: "read" },
    schema: {
      operationId: "search",
      summary: "Search an index of documents",
      description: "Needs a text or a vector. Answers with chunks of documents, best first.",
      tags: ["search"],
      params: Type.Object({ index: Type.String() }),
      body: Query,
      response: {
        200: Type.Object({ index: Type.String(), hits: Type.Array(Hit) }, strict),
        ...problems(400, 404, 413, 415, 422, 500, 503),
      },
    },
    handler: async ({ params, body: { top_k, ef_search, ...query } }) => {
      const index = indexOf(context, params.index)
      const hits = await onSearch(context, context.store.search(index, { ...query, topK: top_k, efSearch: ef_search }))
      return { index: index.name, hits: hits.map(hitToWire) }
    },
  })
}

/** @throws Problem `unknown_index`, with the nearest known ones */
function indexOf({ store: { registry } }: ServerContext, name: string): VectorIndex {
  const found = registry.indexes.get(name)
  if (found !== undefined) return found
  const known = [...registry.indexes.keys()]
  throw unknownName("unknown_index", `There is no index "${name}".`, { name, known, path: "index" })
}
