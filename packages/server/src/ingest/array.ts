import { type Static, Type } from "@sinclair/typebox"
import { Problem } from "../answer/problem.js"
import type { ServerContext } from "../context.js"
import { named, ProblemFields } from "../schema/schemas.js"
import { ingestBatch, MAX_BATCH, type Outcome, stopper, Tally, toResult } from "./batch.js"
import type { EventFields } from "./event-fields.js"

/** Most events of one array; NDJSON knows no limit. */
export const MAX_ARRAY = 10_000

/** The answer to an array of events. */
export const Results = Type.Object(
  {
    accepted: Type.Integer(),
    duplicates: Type.Integer(),
    refused: Type.Integer(),
    results: Type.Array(
      Type.Object(
        {
          ...Type.Partial(Type.Object(ProblemFields)).properties,
          status: Type.Integer({ description: "202, or that of the error." }),
          event_id: Type.Optional(Type.String()),
          duplicate: Type.Optional(Type.Boolean()),
        },
        named("Result"),
      ),
      { description: "One for each event, in order: taken, or an error." },
    ),
  },
  named("Results"),
)

/**
 * Takes an array of events, each judged alone. When the bus is full or away, what follows is not tried: it would only
 * come before what was refused.
 * @throws Problem `invalid_event` when it is no array, `payload_too_large`; `bus_full` or `bus_unavailable` when none was taken
 */
export async function ingestArray(
  context: ServerContext,
  body: unknown,
  read: (value: unknown) => EventFields,
): Promise<Static<typeof Results>> {
  if (!Array.isArray(body)) {
    throw new Problem("invalid_event", "The body is no array. One event goes to POST /ingest/:event_type.")
  }
  if (body.length > MAX_ARRAY) {
    const message = `The array holds ${body.length} events, ${MAX_ARRAY} at most are taken. Send NDJSON instead.`
    throw new Problem("payload_too_large", message)
  }
  const outcomes: Outcome[] = []
  for (let i = 0; i < body.length; i += MAX_BATCH) {
    const batch = body.slice(i, i + MAX_BATCH)
    const stop = stopper(outcomes.slice(i - MAX_BATCH))
    // Events that are refused wait for nothing: other requests have their turn between two groups.
    if (i > 0) await new Promise(setImmediate)
    outcomes.push(
      ...(stop === undefined
        ? await ingestBatch(
            context,
            batch.map((value) => () => read(value)),
          )
        : batch.map(() => notTried(stop))),
    )
  }
  const tally = new Tally()
  tally.add(outcomes)
  const stop = stopper(outcomes)
  // Nothing was taken and all may be sent again: that is one error, and not a success that lists many.
  if (stop !== undefined && stop.code !== "publish_unknown" && tally.refused === outcomes.length)
    throw stop.about(undefined)
  return { ...tally, results: outcomes.map(toResult) as Static<typeof Results>["results"] }
}

function notTried({ code }: Problem): Problem {
  return new Problem(code, "Not tried, because an event before it could not be taken. Send it again.")
}
