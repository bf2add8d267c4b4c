import { type DeadLetterReason, FabraError } from "@fabra/events"
import type { Item } from "../lane/lane.js"
import type { Draft } from "../record/draft.js"
import type { ComputeEnvironment } from "./compute-environment.js"
import { isPromise } from "./is-promise.js"

/** How far a publisher's clock may be ahead before its events count as future events. */
const FUTURE_TOLERANCE_MS = 60_000

/** Why an event is not run. */
export interface Refusal {
  readonly reason: DeadLetterReason
  readonly error: Error
  readonly attempts: number
}

/** Why an event must not be run; `undefined` when it may. */
export function refuse({ quarantine, event }: Item, draft: Draft, env: ComputeEnvironment): Refusal | undefined {
  if (typeof quarantine === "object" && quarantine.others > env.maxCrashes) {
    const error = new Error(`${quarantine.others} workers died while they ran this event.`)
    return { reason: "worker_crashed", error, attempts: quarantine.others }
  }
  if (env.haltsEntities && event.replay === undefined && draft.isMarkedDead) {
    const error = new Error("An earlier event of this entity lies in the dead-letter queue; replay all of them.")
    return { reason: "entity_halted", error, attempts: 0 }
  }
  return undefined
}

/** The event as handlers get it, or why it does not match its schema. A promise only if the schema is asynchronous. */
export function checkEvent({ event: read, record }: Item, { registry, futureEvents }: ComputeEnvironment) {
  // A replay is the event that failed: handlers see its own id, which what they did elsewhere may be filed under.
  const named = read.replay ? { ...read, eventId: read.replay.of } : read
  const isFuture = read.timestamp.getTime() > record.acceptedAt + FUTURE_TOLERANCE_MS
  if (isFuture && futureEvents === "refuse") {
    const times = `${read.timestamp.toISOString()} when it came, at ${new Date(record.acceptedAt).toISOString()}`
    return new FabraError("invalid_event", `The event was yet to happen: its timestamp was ${times}.`, {
      path: "timestamp",
    })
  }
  const event = isFuture && futureEvents === "clamp" ? { ...named, timestamp: new Date(record.acceptedAt) } : named
  const definition = registry.events.get(event.eventType)
  if (definition?.schema === undefined) return event
  const refused = (error: unknown) => FabraError.from(error, "invalid_event")
  try {
    const payload = definition.parse(event.payload)
    if (isPromise(payload)) return payload.then((later) => ({ ...event, payload: later }), refused)
    return { ...event, payload }
  } catch (error) {
    return refused(error)
  }
}
