import type { PartitionLag } from "@fabra/events"
import { FabraApiError } from "./api-error.js"
import { linesOf } from "./lines.js"
import type { CallOptions } from "./options.js"
import { type Transport, toQuery, unreachable } from "./transport.js"

/** How far the workers of a group are behind. */
export interface Lag {
  readonly group: string
  /** Events after the stored checkpoints; these trail the work by some seconds. */
  readonly events: number
  /** Milliseconds since the bus accepted the oldest of them; `null` when there is none. */
  readonly oldestAgeMs: number | null
  readonly partitions: readonly PartitionLag[]
}

/** An event that a worker has applied. */
export interface AppliedNotice {
  readonly eventType: string
  readonly entityType: string
  readonly entityId: string
  readonly eventId: string
  /** The features it changed, with the values they had soon after. */
  readonly features: Readonly<Record<string, unknown>>
  /** How often its handlers were run. */
  readonly attempts: number
  readonly durationMs: number
}

/** Some events applied in one worker, in their order there. */
export interface AppliedNotices {
  readonly applied: readonly AppliedNotice[]
  /** How many more events were applied than are listed: workers tell some, and a slow reader loses some of these. */
  readonly skipped: number
}

/** See `FabraClient.lag`. */
export async function lag(transport: Transport, group: string | undefined, { signal }: CallOptions): Promise<Lag> {
  const { partitions, ...sum } = await transport.send({ path: `/lag${toQuery({ group })}`, signal })
  return { ...lagFromWire(sum), partitions: partitions.map(partitionFromWire) }
}

/** See `FabraClient.watch`. */
export async function* watch(transport: Transport, { signal }: CallOptions): AsyncGenerator<AppliedNotices> {
  try {
    for await (const line of linesOf(await transport.stream({ path: "/watch", signal }))) {
      const { applied, skipped, code, detail } = JSON.parse(line)
      if (applied.length + skipped > 0) yield { applied: applied.map(noticeFromWire), skipped }
      if (code !== undefined) throw new FabraApiError(code, detail)
    }
  } catch (error) {
    if (signal?.aborted) return
    throw error instanceof FabraApiError ? error : unreachable("The connection to the server is lost", error)
  }
  if (!signal?.aborted) throw new FabraApiError("unreachable", "The server has ended the connection.")
}

function lagFromWire({ oldest_age_ms, ...same }: any): any {
  return { ...same, oldestAgeMs: oldest_age_ms }
}

/** A server of an earlier version does not know the last two. */
function partitionFromWire({ owned_ms = null, quarantined = 0, ...lag }: any): PartitionLag {
  return { ...lagFromWire(lag), ownedMs: owned_ms, quarantined }
}

function noticeFromWire({ event_type, entity, entity_id, event_id, duration_ms, ...same }: any): AppliedNotice {
  return {
    ...same,
    eventType: event_type,
    entityType: entity,
    entityId: entity_id,
    eventId: event_id,
    durationMs: duration_ms,
  }
}
