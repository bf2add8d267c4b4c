import type { AxiomEvent } from "@fabra/events"
import { Problem, toProblem } from "../answer/problem.js"
import type { ServerContext } from "../context.js"
import { acceptEvent } from "./accept.js"
import type { EventFields } from "./event-fields.js"
import { publishMany } from "./publish.js"

/** Most events in one call of the bus. */
export const MAX_BATCH = 500

/** What became of one event of many. */
export type Outcome = { readonly event_id: string; readonly duplicate: boolean } | Problem

/** Reads one event of many. @throws Problem why it is none */
export type ReadEvent = () => EventFields

/** Takes events, each judged alone, and answers for each in order. Never rejects. */
export async function ingestBatch(context: ServerContext, reads: readonly ReadEvent[]): Promise<Outcome[]> {
  const judged = await Promise.all(reads.map((read) => judge(context, read)))
  const events = judged.filter((one): one is AxiomEvent => !(one instanceof Problem))
  const results = events.length === 0 ? [] : await publishMany(context, events)
  let next = 0
  return judged.map((one) => {
    if (one instanceof Problem) return one
    const result = results[next++]
    if (result?.ok) return { event_id: result.eventId, duplicate: result.duplicate }
    return toProblem(result?.error).about(one.eventId)
  })
}

async function judge(context: ServerContext, read: ReadEvent): Promise<AxiomEvent | Problem> {
  try {
    return await acceptEvent(context, read())
  } catch (error) {
    return toProblem(error)
  }
}

/** The first outcome after which more should not be tried now: the bus is full or away. */
export function stopper(outcomes: readonly Outcome[]): Problem | undefined {
  return outcomes.find((one): one is Problem => one instanceof Problem && one.status >= 500)
}

/** An outcome as it is answered. */
export function toResult(outcome: Outcome): object {
  return outcome instanceof Problem ? outcome.toBody() : { status: 202, ...outcome }
}

/** How many events came to what. */
export class Tally {
  accepted = 0
  duplicates = 0
  refused = 0

  add(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (outcome instanceof Problem) this.refused++
      else if (outcome.duplicate) this.duplicates++
      else this.accepted++
    }
  }
}
