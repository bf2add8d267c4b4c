import type { AxiomEvent, PublishReceipt } from "@fabra/events"
import { Type } from "@sinclair/typebox"
import { requireScope } from "../access/guard.js"
import { headerPath, Problem } from "../answer/problem.js"
import type { ServerContext } from "../context.js"
import { durationMs } from "../schema/duration.js"
import { Duration, problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"
import { acceptEvent } from "./accept.js"
import { Accepted } from "./accepted.js"
import { DryRun, dryRun } from "./dry-run.js"
import { TypedByPath } from "./event-fields.js"
import { publishOne } from "./publish.js"
import { AppliedWatch, Waited } from "./wait.js"

const MAX_WAIT_MS = 30_000

const Query = Type.Object(
  {
    wait: Type.Optional(
      Type.Literal("applied", { description: "Answer when its features are applied, with their values." }),
    ),
    timeout: Type.Optional(
      Type.Unsafe<string>({ ...Duration, description: "Longest wait, up to 30s. Default 2s; then the answer is 202." }),
    ),
    dry_run: Type.Optional(
      Type.Boolean({ description: "Compute once, here, and say what would change. Nothing is published." }),
    ),
  },
  strict,
)

/** `POST /ingest/:event_type`: one event. */
export function addIngestOne(app: TypeBoxApp, context: ServerContext): void {
  const watch = new AppliedWatch(context)
  app.route({
    method: "POST",
    url: "/ingest/:event_type",
    config: { scope: "ingest" },
    schema: {
      operationId: "ingest",
      summary: "Take one event",
      tags: ["ingest"],
      params: Type.Object({ event_type: Type.String(examplesOf(context)) }),
      querystring: Query,
      headers: Type.Object({
        "idempotency-key": Type.Optional(
          Type.String({ pattern: "^[\\x21-\\x7e]+$", description: "Taken as event_id; quotes around it are dropped." }),
        ),
        traceparent: Type.Optional(Type.String({ description: "W3C trace context, carried with the event." })),
      }),
      body: TypedByPath,
      response: {
        200: Type.Union([Waited, DryRun], { description: "Applied, or computed by a dry run." }),
        202: Type.Union([Accepted, Waited], { description: "The bus has it." }),
        ...problems(400, 404, 413, 415, 422, 503),
      },
    },
    handler: async (request, reply) => {
      const { params, query, headers, body } = request
      const { wait, timeout = "2s", dry_run } = query
      checkQuery(query)
      if (wait !== undefined) requireScope(context.settings, request, "read")
      if (dry_run) requireScope(context.settings, request, "admin")
      const { event_type = params.event_type } = body
      if (event_type !== params.event_type) {
        const message = `event_type is "${event_type}" in the body and "${params.event_type}" in the path.`
        throw new Problem("invalid_event", message, { path: "event_type", allowed: [params.event_type] })
      }
      const eventId = eventIdOf(body.event_id, headers["idempotency-key"])
      const event = await acceptEvent(context, {
        traceparent: headers.traceparent,
        ...body,
        event_type,
        event_id: eventId,
      })
      if (dry_run) return dryRun(context, event)
      const publish = (toPublish: AxiomEvent) => publishOne(context, toPublish)
      const accepted = ({ duplicate }: PublishReceipt) => ({ event_id: event.eventId, duplicate })
      if (wait === undefined) return reply.code(202).send(accepted(await publish(event)))
      const gone = new AbortController()
      reply.raw.once("close", () => gone.abort())
      const patience = { timeoutMs: durationMs(timeout), gone: gone.signal }
      const { receipt, waited } = await watch.publishAndWait(
        () => publish({ ...event, awaited: true }),
        event,
        patience,
      )
      return reply.code(waited.settled ? 200 : 202).send({ ...accepted(receipt), ...waited.body })
    },
  })
}

/** What can be tried out, for the page; to strangers the document tells nothing of the store. */
function examplesOf({ store, settings }: ServerContext): { readonly examples?: string[] } {
  return settings.keys.size > 0 ? {} : { examples: [...store.registry.eventTypes] }
}

function checkQuery({ wait, timeout, dry_run }: { wait?: string; timeout?: string; dry_run?: boolean }): void {
  const fault = (path: string, message: string) => new Problem("invalid_request", message, { path: `query.${path}` })
  if (wait !== undefined && dry_run) throw fault("dry_run", "A dry run is never applied: leave out wait or dry_run.")
  if (timeout === undefined) return
  if (wait === undefined) throw fault("timeout", "timeout goes with wait=applied.")
  if (durationMs(timeout) > MAX_WAIT_MS) throw fault("timeout", `timeout is ${timeout}: it may be 30s at most.`)
}

function eventIdOf(inBody: string | undefined, header: string | undefined): string | undefined {
  const inHeader = header?.replace(/^"(.*)"$/, "$1")
  if (inBody === undefined || inHeader === undefined || inBody === inHeader) return inBody ?? inHeader
  throw new Problem("invalid_request", "event_id and the header Idempotency-Key differ; send one of them.", {
    path: headerPath("idempotency-key"),
  })
}
