import { FabraError } from "@fabra/events"
import { errorTexts, type NewDeadLetter } from "@fabra/events/adapter"
import type { Item } from "../lane/lane.js"
import type { Refusal } from "./checked-event.js"
import type { ComputeEnvironment } from "./compute-environment.js"

/** The dead letter of features of an event: refused, or failed once too often. */
export function toDeadLetter(
  item: Item,
  features: readonly string[],
  { group, now }: Pick<ComputeEnvironment, "group" | "now">,
  refusal: Refusal | undefined,
): NewDeadLetter {
  const { event, record, lane } = item
  const failure = item.failures?.get(features[0] as string)
  const error = refusal ? refusal.error : failure?.error
  const at = now()
  return {
    group,
    partition: lane.session.partition,
    position: record.position,
    data: record.data,
    eventId: event.eventId,
    eventType: event.eventType,
    entityId: lane.key.entityId,
    entityType: lane.key.entityType,
    features,
    reason: refusal?.reason ?? (isTimeout(error) ? "handler_timeout" : "handler_failed"),
    error: errorTexts(error),
    attempts: refusal?.attempts ?? failure?.attempts ?? 0,
    firstFailedAt: failure?.firstFailedAt ?? at,
    lastFailedAt: failure?.lastFailedAt ?? at,
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof FabraError && error.code === "handler_timeout"
}
