import { type AxiomEvent, FabraError, type PublishReceipt, type PublishResult, systemClock } from "@fabra/events"
import { withDeadline } from "@fabra/events/adapter"
import { toProblem } from "../answer/problem.js"
import type { ServerContext } from "../context.js"

/**
 * Publishes events, one result each. Never rejects: what the bus has not answered for in time is `publish_unknown`, for
 * it may have taken it.
 */
export async function publishMany(
  { bus, settings: { deadlineMs } }: ServerContext,
  events: readonly AxiomEvent[],
): Promise<PublishResult[]> {
  const late = () => new FabraError("publish_unknown", `The bus did not answer within ${deadlineMs} ms.`)
  try {
    return await withDeadline(systemClock, bus.publish(events), deadlineMs, late)
  } catch (cause) {
    const error = FabraError.from(cause, "publish_unknown")
    return events.map(({ eventId }) => ({ ok: false, eventId, error }))
  }
}

/** Publishes one event. @throws Problem that names the event, so that it can be sent again under its id */
export async function publishOne(context: ServerContext, event: AxiomEvent): Promise<PublishReceipt> {
  const result = (await publishMany(context, [event]))[0]
  if (result?.ok) return result
  throw toProblem(result?.error).about(event.eventId)
}
