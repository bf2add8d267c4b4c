import { Readable } from "node:stream"
import { Type } from "@sinclair/typebox"
import { headerPath, Problem } from "../answer/problem.js"
import { readsJson } from "../body/read-json.js"
import type { ServerContext } from "../context.js"
import { problems } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"
import { validatorCompiler } from "../schema/validation.js"
import { acceptEvent } from "./accept.js"
import { Accepted } from "./accepted.js"
import { ingestArray, MAX_ARRAY, Results } from "./array.js"
import { CloudEvent, fromBinaryMode, fromCloudEvent, isBinaryMode } from "./cloud-events.js"
import { EventFields, readFields } from "./event-fields.js"
import { ingestLines } from "./ndjson.js"
import { publishOne } from "./publish.js"

const NDJSON = ["application/x-ndjson", "application/ndjson", "application/jsonl"]
const CLOUD_EVENT = "application/cloudevents+json"
const CLOUD_EVENTS = "application/cloudevents-batch+json"

/** `POST /ingest`: many events, or one CloudEvent. */
export function addIngestMany(app: TypeBoxApp, context: ServerContext): void {
  // Raw: read line by line as it arrives.
  app.addContentTypeParser(NDJSON, async (_request: unknown, stream: Readable) => stream)
  readsJson(app, [CLOUD_EVENT, CLOUD_EVENTS], context.settings.maxBodyBytes)
  app.route({
    method: "POST",
    url: "/ingest",
    config: { scope: "ingest" },
    schema: {
      operationId: "ingestMany",
      summary: "Take many events, or one CloudEvent",
      description:
        "A JSON array, NDJSON (one event per line, answered line by line as they are taken), or CloudEvents 1.0: structured, " +
        "batched, or binary (attributes in `ce-…` headers, data in the body). Each event is judged alone.",
      tags: ["ingest"],
      body: {
        content: {
          "application/json": { schema: Type.Array(EventFields, { maxItems: MAX_ARRAY }) },
          "application/x-ndjson": { schema: Type.String({ description: "One event per line." }) },
          [CLOUD_EVENT]: { schema: CloudEvent },
          [CLOUD_EVENTS]: { schema: Type.Array(CloudEvent, { maxItems: MAX_ARRAY }) },
        },
      },
      response: {
        202: Type.Union([Results, Accepted], { description: "The bus has every one of them." }),
        207: {
          description: "Look at each result. Always so for NDJSON, whose last line counts them.",
          content: { "application/json": { schema: Results }, "application/x-ndjson": { schema: Type.String() } },
        },
        ...problems(400, 404, 413, 415, 422, 503),
      },
    },
    // Each event is checked alone, so that a wrong one is a result and not the end of all.
    validatorCompiler: (part) => (part.httpPart === "body" ? () => true : validatorCompiler(part as never)),
    handler: async ({ body, headers }, reply) => {
      if (headers["idempotency-key"] !== undefined) {
        const message = "Idempotency-Key goes with one event: give each its event_id, or use POST /ingest/:event_type."
        throw new Problem("invalid_request", message, { path: headerPath("idempotency-key") })
      }
      if (body instanceof Readable) {
        return reply.code(207).type("application/x-ndjson").send(ingestLines(context, body))
      }
      const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase()
      if (type === CLOUD_EVENT || (type !== CLOUD_EVENTS && isBinaryMode(headers))) {
        const fields = type === CLOUD_EVENT ? fromCloudEvent(body) : fromBinaryMode(headers, body)
        const event = await acceptEvent(context, fields)
        const { duplicate } = await publishOne(context, event)
        return reply.code(202).send({ event_id: event.eventId, duplicate })
      }
      const read = type === CLOUD_EVENTS ? fromCloudEvent : readFields
      const results = await ingestArray(context, body, read)
      return reply.code(results.refused === 0 ? 202 : 207).send(results)
    },
  })
}
