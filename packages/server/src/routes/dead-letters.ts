import { DEAD_LETTER_REASONS, type DeadLetter, type DeadLetterReason } from "@fabra/events"
import { parseTime } from "@fabra/events/adapter"
import { Type } from "@sinclair/typebox"
import { Problem } from "../answer/problem.js"
import { onBus, type ServerContext } from "../context.js"
import { Nullable, named, problems, strict, Time } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

const Entry = {
  id: Type.String(),
  reason: Type.String({ examples: ["handler_failed"] }),
  event_id: Nullable(Type.String()),
  event_type: Nullable(Type.String()),
  entity_id: Nullable(Type.String()),
  entity: Nullable(Type.String()),
  features: Type.Array(Type.String({ description: "What failed; empty when the event could not be read." })),
  error: Type.Object({ name: Type.String(), message: Type.String(), stack: Type.Optional(Type.String()) }, strict),
  attempts: Type.Integer(),
  first_failed_at: Time,
  last_failed_at: Time,
  group: Type.String(),
  partition: Type.Integer(),
  position: Type.String(),
}

const Ids = Type.Object(
  { ids: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 100 }) },
  strict,
)

const Filter = Type.Object(
  {
    group: Type.Optional(Type.String()),
    event_type: Type.Optional(Type.String()),
    feature: Type.Optional(Type.String()),
    entity: Type.Optional(Type.String()),
    entity_id: Type.Optional(Type.String()),
    reason: Type.Optional(Type.Unsafe<DeadLetterReason>({ type: "string", enum: [...DEAD_LETTER_REASONS] })),
    since: Type.Optional(Type.String({ description: "Failed at or after: ISO 8601." })),
    until: Type.Optional(Type.String({ description: "Failed before: ISO 8601." })),
    after: Type.Optional(Type.String({ maxLength: 256, description: "`next` of the page before." })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: "Default 100." })),
  },
  strict,
)

/** `/dead-letters`: list, show, replay, discard. */
export function addDeadLetterRoutes(app: TypeBoxApp, context: ServerContext): void {
  const { deadLetters } = context.bus
  const tags = ["dead letters"]
  app.route({
    method: "GET",
    url: "/dead-letters",
    config: { scope: "admin" },
    schema: {
      operationId: "listDeadLetters",
      summary: "List what has failed for good, oldest first",
      tags,
      querystring: Filter,
      response: {
        200: Type.Object(
          { dead_letters: Type.Array(Type.Object(Entry, named("DeadLetter"))), next: Nullable(Type.String()) },
          strict,
        ),
        ...problems(400, 503),
      },
    },
    handler: async ({ query: { event_type, entity, entity_id, since, until, after, limit = 100, ...same } }) => {
      const filter = {
        ...same,
        eventType: event_type,
        entityType: entity,
        entityId: entity_id,
        since: since === undefined ? undefined : parseTime(since, "query.since").getTime(),
        until: until === undefined ? undefined : parseTime(until, "query.until").getTime(),
      }
      const { entries, next } = await onBus(context, deadLetters.list(filter, { limit, after }))
      return { dead_letters: entries.map(toEntry), next }
    },
  })

  app.route({
    method: "GET",
    url: "/dead-letters/:id",
    config: { scope: "admin" },
    schema: {
      operationId: "getDeadLetter",
      summary: "Show one, with its event and the stack of its error",
      tags,
      params: Type.Object({ id: Type.String() }),
      response: {
        200: Type.Object(
          { ...Entry, event: Type.Any({ description: "As it stands in the log." }) },
          named("DeadLetterDetails"),
        ),
        ...problems(404, 503),
      },
    },
    handler: async ({ params: { id } }) => {
      const entry = await onBus(context, deadLetters.get(id))
      if (entry === undefined) throw new Problem("not_found", `There is no dead letter "${id}".`, { path: "id" })
      return { ...toEntry(entry), error: entry.error, event: readEvent(entry.data) }
    },
  })

  app.route({
    method: "POST",
    url: "/dead-letters/replay",
    config: { scope: "admin" },
    schema: {
      operationId: "replayDeadLetters",
      summary: "Publish events again, aimed at the features that failed",
      description: "Asking twice applies it once.",
      tags,
      body: Ids,
      response: {
        200: Type.Object(
          {
            results: Type.Array(
              Type.Object(
                {
                  id: Type.String(),
                  status: Type.String({ examples: ["replayed", "not_found", "failed"] }),
                  error: Type.Optional(Type.String()),
                },
                strict,
              ),
            ),
          },
          strict,
        ),
        ...problems(400, 415, 503),
      },
    },
    handler: async ({ body: { ids } }) => {
      const outcomes = await onBus(context, deadLetters.replay(ids))
      return {
        results: outcomes.map(({ id, status, error }) => ({
          id,
          status,
          error: error?.message,
        })),
      }
    },
  })

  app.route({
    method: "POST",
    url: "/dead-letters/discard",
    config: { scope: "admin" },
    schema: {
      operationId: "discardDeadLetters",
      summary: "Take entries off the queue for good",
      tags,
      body: Ids,
      response: { 200: Type.Object({ discarded: Type.Integer() }, strict), ...problems(400, 415, 503) },
    },
    handler: async ({ body: { ids } }) => ({ discarded: await onBus(context, deadLetters.discard(ids)) }),
  })
}

/** An entry without the event and the stack, which may be long. */
function toEntry(entry: DeadLetter) {
  const { id, reason, features, attempts, group, partition, position, error } = entry
  return {
    id,
    reason,
    event_id: entry.eventId ?? null,
    event_type: entry.eventType ?? null,
    entity_id: entry.entityId ?? null,
    entity: entry.entityType ?? null,
    features: [...features],
    error: { name: error.name, message: error.message },
    attempts,
    first_failed_at: new Date(entry.firstFailedAt).toISOString(),
    last_failed_at: new Date(entry.lastFailedAt).toISOString(),
    group,
    partition,
    position,
  }
}

/** As JSON, or as the text that could not be read. */
function readEvent(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
