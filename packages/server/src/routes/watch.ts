import { Type } from "@sinclair/typebox"
import { Problem } from "../answer/problem.js"
import { onBus, type ServerContext } from "../context.js"
import { named, problems } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"
import { Watchers } from "../watch/watchers.js"

const Notice = Type.Object(
  {
    event_type: Type.String(),
    entity: Type.String(),
    entity_id: Type.String(),
    event_id: Type.String(),
    features: Type.Record(Type.String(), Type.Any(), { description: "What it changed, with the values soon after." }),
    attempts: Type.Integer({ description: "How often it was tried: 1 when all went well; 0 when no handler ran." }),
    duration_ms: Type.Number(),
  },
  named("AppliedEvent"),
)

const Line = Type.Object(
  {
    applied: Type.Array(Notice),
    skipped: Type.Integer({ description: "How many more events were applied than are listed." }),
    code: Type.Optional(Type.String({ description: "Only of a last line: why the server ends the answer." })),
    detail: Type.Optional(Type.String()),
  },
  named("AppliedEvents"),
)

/** `GET /watch`, where the server has a feed. */
export function addWatchRoute(app: TypeBoxApp, context: ServerContext): void {
  const { settings, closing } = context
  if (settings.feed === undefined) return
  const watchers = new Watchers(settings.feed, settings.maxWatchers)
  closing.addEventListener("abort", () => watchers.close())
  app.route({
    method: "GET",
    url: "/watch",
    exposeHeadRoute: false, // its answer would never end
    config: { scope: "read" },
    schema: {
      operationId: "watch",
      summary: "What workers apply, as they apply it",
      description:
        "Lines of JSON, until the connection ends. A client that does not read loses some, and is told how many.",
      tags: ["operate"],
      response: {
        200: { description: "One such line at a time.", content: { "application/x-ndjson": { schema: Line } } },
        ...problems(400, 503),
      },
    },
    handler: async (_request, reply) => {
      const { raw } = reply
      if (raw.socket === null) {
        throw new Problem("invalid_request", "GET /watch is not taken behind a request that is not answered yet.")
      }
      if (raw.destroyed) return reply.hijack()
      await onBus(context, watchers.enter(raw))
      if (closing.aborted) throw new Problem("closing", "The server is being closed.")
      reply.hijack()
      if (raw.destroyed) return
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        "content-type": "application/x-ndjson",
        "cache-control": "no-store",
      })
      raw.flushHeaders()
      watchers.add(raw)
    },
  })
}
