import type { FeatureHandler } from "@fabra/core"
import { FabraError, type NewDeadLetter } from "@fabra/events"
import type { Item } from "../lane/item.js"
import type { Lane } from "../lane/lane.js"
import { deadLetterFlag } from "../record/bookkeeping.js"
import type { Refusal } from "./checked-event.js"
import type { ComputeEnvironment } from "./compute-environment.js"
import type { Draft } from "./draft.js"

/** Gives up on features of an event: a dead letter, and the flag that lets a replay repair it (rules R1, R5). */
export function deadLetter(
  lane: Lane,
  item: Item,
  handlers: readonly FeatureHandler[],
  draft: Draft,
  env: ComputeEnvironment,
  refusal?: Refusal,
): undefined {
  const { event, record } = item
  const names = handlers.map(({ feature }) => feature.name)
  const failure = item.failures?.get(names[0] as string)
  const error = refusal ? refusal.error : failure?.error
  const now = env.now()
  item.dead ??= new Set()
  for (const name of names) item.dead.add(name)
  for (const name of names) draft.addFlag(deadLetterFlag(event.replay?.of ?? event.eventId, name))
  draft.deadLetters.push({
    group: env.group,
    partition: lane.run.partition,
    position: record.position,
    data: record.data,
    eventId: event.eventId,
    eventType: event.eventType,
    entityId: event.entityId,
    entityType: lane.key.entityType,
    features: names,
    reason: refusal?.reason ?? (isTimeout(error) ? "handler_timeout" : "handler_failed"),
    error: describe(error),
    attempts: refusal?.attempts ?? failure?.attempts ?? 0,
    firstFailedAt: failure?.firstFailedAt ?? now,
    lastFailedAt: failure?.lastFailedAt ?? now,
  })
}

/** An error as a dead letter keeps it; handlers may throw anything. */
export function describe(error: unknown): NewDeadLetter["error"] {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) }
  const { name, message, stack } = error
  return { name, message, ...(stack === undefined ? {} : { stack }) }
}

function isTimeout(error: unknown): boolean {
  return error instanceof FabraError && error.code === "handler_timeout"
}
