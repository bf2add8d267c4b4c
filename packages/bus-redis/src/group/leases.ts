import type { Assignment, FormerOwner, LeaseRequest, LeaseView } from "@fabra/events/adapter"
import type { Keys, PartitionKeys } from "../keyspace/keys.js"
import { toPositionOrNull } from "../keyspace/positions.js"
import { groupInfo, streamInfo } from "../keyspace/stream-info.js"
import type { Link } from "../transport/link.js"
import { leaseScript } from "./lease-script.js"

/** A partition just taken, with what is needed to keep the group's count of entries true. */
export interface TakenPartition {
  readonly assignment: Assignment
  /** How many entries lie at or before the checkpoint, counted from the stream's first one ever; `null`: not known. */
  readonly entriesRead: number | null
  /** How many entries behind the checkpoint were removed before the group had read them. */
  readonly missing: number
}

/** What a round of lease keeping did. */
export interface LeaseRound extends Omit<LeaseView, "taken"> {
  readonly taken: readonly TakenPartition[]
}

/** Where the leases and the partitions are. */
export interface LeasePlace {
  readonly link: Link
  readonly keys: Keys
  readonly partitions: readonly PartitionKeys[]
}

/**
 * Keeps the leases of one member, and finds out where to begin with partitions it takes, where the group exists.
 * @param onForgotten called when the server has lost its scripts
 */
export async function keepLeases(
  { link, keys, partitions }: LeasePlace,
  request: LeaseRequest,
  onForgotten: () => void,
): Promise<LeaseRound> {
  const { group, consumer, life, leaseMs, held, released, wanted, leaving } = request
  const scriptKeys = [keys.members(group), keys.leases(group)]
  const counts = [leaving ? 1 : 0, held.length, released.length]
  const args = [consumer, life, leaseMs, ...counts, ...held, ...released, ...wanted]
  const [sharing, stillHeld, taken, unclean, isSuperseded] = await link.run(keys.leases(group), (redis) =>
    leaseScript.run(redis, scriptKeys, args, onForgotten),
  )
  const formerOwners = new Map<string, FormerOwner>()
  for (let i = 0; i < unclean.length; i += 3) {
    const [index, former, silentMs] = unclean.slice(i, i + 3) as [string, string, string]
    formerOwners.set(index, { consumer: former, silentMs: Number(silentMs) })
  }
  return {
    sharing,
    isSuperseded: isSuperseded === 1,
    held: stillHeld.map(Number),
    taken: await Promise.all(
      taken.map((index) => lookUp(link, partitions[Number(index)] as PartitionKeys, group, formerOwners.get(index))),
    ),
  }
}

async function lookUp(link: Link, { events, index }: PartitionKeys, group: string, takenFrom: FormerOwner | undefined) {
  const [settled, stream] = await link.run(events, (redis) =>
    Promise.all([groupInfo(redis, events, group), streamInfo(redis, events)]),
  )
  const checkpoint = toPositionOrNull(settled?.lastDeliveredId ?? "0-0")
  const { length = 0, entriesAdded = null, lastGeneratedId = "0-0" } = stream ?? {}
  const removed = entriesAdded === null ? null : entriesAdded - length
  // A group of an earlier version that has no checkpoint does not know how many were removed before it began.
  const entriesRead = settled?.entriesRead ?? (checkpoint === null ? removed : null)
  const missing = Math.max(0, (removed ?? 0) - (entriesRead ?? Number.POSITIVE_INFINITY))
  return {
    assignment: {
      partition: index,
      checkpoint,
      quarantineUntil: takenFrom === undefined ? null : toPositionOrNull(lastGeneratedId),
      takenFrom: takenFrom && { ...takenFrom, events: checkpoint === null ? length : (settled?.lag ?? undefined) },
    },
    // Those that are gone count as read: otherwise they would be told again at every take-over.
    entriesRead: entriesRead === null ? null : entriesRead + missing,
    missing,
  }
}
