import { setTimeout as delay } from "node:timers/promises"
import { type AxiomEvent, BusFullError, type EventBus, type FabraError } from "@fabra/events"
import { readLines } from "./dataset.js"
import { lineToEvent } from "./line-to-event.js"

/** How many events may wait to be applied. Bounds what bus and workers hold, whatever the size of the file. */
const MAX_AHEAD = 50_000
const RETRY_MS = 200
const MAX_RETRIES = 300

/** What has been published. */
export interface Published {
  /** Events that the bus has. */
  accepted: number
  /** Of these, events that it had before, from an earlier run. */
  duplicates: number
  /** Lines that are no event: how many, by reason. */
  readonly rejected: Map<string, number>
}

/**
 * Publishes every line that is an event, in the order of the file, some thousand per round trip.
 * @param untilApplied resolves when so many events have been applied
 */
export async function publishDataset(
  bus: EventBus,
  limit: number | undefined,
  untilApplied: (events: number) => Promise<void>,
): Promise<Published> {
  const published: Published = { accepted: 0, duplicates: 0, rejected: new Map() }
  for await (const lines of readLines(limit)) {
    const events: AxiomEvent<string, object>[] = []
    for (const line of lines) {
      const mapped = lineToEvent(line)
      if ("event" in mapped) events.push(mapped.event)
      else published.rejected.set(mapped.rejected, (published.rejected.get(mapped.rejected) ?? 0) + 1)
    }
    await untilApplied(published.accepted + events.length - MAX_AHEAD)
    published.duplicates += await publishAll(bus, events)
    published.accepted += events.length
  }
  return published
}

/** Publishes until the bus has every event, and returns how many it had before. */
async function publishAll(bus: EventBus, events: readonly AxiomEvent<string, object>[]): Promise<number> {
  let duplicates = 0
  let left = events
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt > 0) await delay(RETRY_MS)
    const results = await bus.publish(left)
    left = left.filter((_event, i) => {
      const result = results[i]
      if (result?.ok && result.duplicate) duplicates++
      if (result?.ok) return false
      if (attempt < MAX_RETRIES && isPassing(result?.error)) return true
      throw result?.error
    })
  }
  return duplicates
}

/** A full bus empties as workers go on; an event of unknown fate is published again, under its id, until it is known. */
function isPassing(error: FabraError | undefined): boolean {
  return error instanceof BusFullError || error?.code === "publish_unknown" || error?.code === "bus_unavailable"
}
