import { Type } from "@sinclair/typebox"
import type { ServerContext } from "../context.js"
import { Problem, toProblem } from "../problem.js"
import { EntityId, EventId, Payload, problems, strict, Timestamp } from "../schemas.js"
import type { TypeBoxApp } from "../typebox.js"
import { acceptEvent } from "./accept.js"
import { publishAll } from "./publish.js"

const EventBody = Type.Object(
  {
    entity_id: EntityId,
    payload: Type.Optional(Payload),
    timestamp: Type.Optional(Timestamp),
    event_id: Type.Optional(EventId),
    event_type: Type.Optional(Type.String({ description: "May be repeated from the path." })),
  },
  strict,
)

const Accepted = Type.Object(
  {
    event_id: Type.String(),
    duplicate: Type.Boolean({ description: "The bus had this event_id for this entity already; nothing was added." }),
  },
  strict,
)

/** `POST /ingest/:event_type`: one event. */
export function addIngestRoutes(app: TypeBoxApp, context: ServerContext): void {
  app.route({
    method: "POST",
    url: "/ingest/:event_type",
    config: { scope: "ingest" },
    schema: {
      summary: "Take one event",
      tags: ["ingest"],
      params: Type.Object({ event_type: Type.String() }),
      headers: Type.Object({
        "idempotency-key": Type.Optional(
          Type.String({ pattern: "^[\\x21-\\x7e]+$", description: "Taken as event_id; quotes around it are dropped." }),
        ),
        traceparent: Type.Optional(Type.String({ description: "W3C trace context, carried with the event." })),
      }),
      body: EventBody,
      response: { 202: Accepted, ...problems(400, 404, 413, 415, 422, 503) },
    },
    handler: async ({ params, headers, body }, reply) => {
      const eventId = eventIdOf(body.event_id, headers["idempotency-key"])
      if (body.event_type !== undefined && body.event_type !== params.event_type) {
        const message = `event_type is "${body.event_type}" in the body and "${params.event_type}" in the path.`
        throw new Problem("invalid_event", message, { path: "event_type", allowed: [params.event_type] })
      }
      const event = await acceptEvent(context, {
        ...body,
        event_type: params.event_type,
        ...(eventId === undefined ? {} : { event_id: eventId }),
        ...(headers.traceparent === undefined ? {} : { traceparent: headers.traceparent }),
      })
      const [result] = await publishAll(context, [event])
      if (!result?.ok) throw toProblem(result?.error).about(event.eventId)
      return reply.code(202).send({ event_id: result.eventId, duplicate: result.duplicate })
    },
  })
}

function eventIdOf(inBody: string | undefined, header: string | undefined): string | undefined {
  const inHeader = header?.replace(/^"(.*)"$/, "$1")
  if (inBody === undefined || inHeader === undefined || inBody === inHeader) return inBody ?? inHeader
  throw new Problem("invalid_request", "event_id and the header Idempotency-Key differ; send one of them.", {
    path: "headers.idempotency-key",
  })
}
