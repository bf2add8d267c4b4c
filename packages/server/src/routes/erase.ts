import { checkEntityId } from "@fabra/events/adapter"
import { eraseEntity } from "@fabra/worker"
import { Type } from "@sinclair/typebox"
import { Problem } from "../answer/problem.js"
import type { ServerContext } from "../context.js"
import { entityOf, unknownName } from "../lookup.js"
import { durationMs } from "../schema/duration.js"
import { Duration, problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

const MAX_WAIT_MS = 60_000

/** `DELETE /entities/:entity/:id`: erases an entity. */
export function addEraseRoute(app: TypeBoxApp, context: ServerContext): void {
  const { store, bus } = context
  app.route({
    method: "DELETE",
    url: "/entities/:entity/:id",
    config: { scope: "admin" },
    schema: {
      operationId: "eraseEntity",
      summary: "Erase an entity",
      description:
        "Its record, its dead letters, and its documents in the indexes that are named. Answers when all groups have settled its events of before, or the time is over.",
      tags: ["operate"],
      params: Type.Object({ entity: Type.String(), id: Type.String({ description: "Percent-encoded." }) }),
      querystring: Type.Object(
        {
          indexes: Type.Optional(
            Type.String({ description: "Comma-separated: where it has a document under its own id." }),
          ),
          timeout: Type.Optional(
            Type.Unsafe<string>({ ...Duration, description: "Longest wait for workers, up to 60s. Default 30s." }),
          ),
        },
        strict,
      ),
      response: {
        200: Type.Object(
          {
            entity: Type.String(),
            entity_id: Type.String(),
            record: Type.Unsafe<"removed" | "emptied" | "none">({
              type: "string",
              enum: ["removed", "emptied", "none"],
              description: "emptied: no value is left; the id stays, with the marks of its events.",
            }),
            dead_letters: Type.Integer({ description: "How many were discarded." }),
            indexes: Type.Array(Type.String({ description: "From which its document was removed." })),
            groups_behind: Type.Array(
              Type.String({ description: "Groups that may bring something back: erase it again later." }),
            ),
          },
          strict,
        ),
        ...problems(400, 404, 500, 503),
      },
    },
    handler: async ({ params, query: { indexes = "", timeout = "30s" } }) => {
      const entity = entityOf(context, params.entity)
      checkEntityId(params.id, "id")
      const timeoutMs = durationMs(timeout)
      if (timeoutMs > MAX_WAIT_MS) {
        throw new Problem("invalid_request", `timeout is ${timeout}: it may be 60s at most.`, { path: "query.timeout" })
      }
      const names = indexes.split(",").filter((name) => name !== "")
      const known = [...store.registry.indexes.keys()]
      const absent = names.find((name) => !known.includes(name))
      if (absent !== undefined) {
        const message = `There is no index "${absent}".`
        throw unknownName("unknown_index", message, { name: absent, known, path: "query.indexes" })
      }
      const erased = await eraseEntity(store, entity.name, params.id, { bus, indexes: names, timeoutMs })
      return {
        entity: entity.name,
        entity_id: params.id,
        record: erased.record,
        dead_letters: erased.deadLetters,
        indexes: [...erased.indexes],
        groups_behind: [...erased.groupsBehind],
      }
    },
  })
}
