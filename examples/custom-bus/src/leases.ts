import type { Position } from "@fabra/events"
import { type Assignment, keepMembers, type LeaseRequest, type LeaseView } from "@fabra/events/adapter"
import type { Group, GroupPartition, Lease } from "./groups.js"

/**
 * One round of lease keeping. Nothing here waits or reads a clock: the caller holds the lock and stores the group.
 * @param endOf position of a partition's newest record, `null` while it is empty
 */
export function syncLeases(
  group: Group,
  request: LeaseRequest,
  now: number,
  endOf: (partition: number) => Position | null,
): LeaseView {
  const { consumer, life, leaseMs, held, wanted, released } = request
  const { members, sharing, isSuperseded } = keepMembers(group.members, request, now)
  group.members = members
  if (isSuperseded) return { sharing, isSuperseded, held: [], taken: [] }
  const lease = { consumer, life, takenAt: now, until: now + leaseMs }

  const ours = (partitions: readonly number[]) =>
    partitions.flatMap((index) => {
      const partition = group.partitions[index]
      return partition?.lease?.life === life ? [{ index, partition }] : []
    })
  for (const { partition } of ours(released)) partition.lease = null
  const stillHeld = ours(held)
  for (const { partition } of stillHeld) partition.lease = { ...lease, takenAt: partition.lease?.takenAt ?? now }

  const taken = wanted.flatMap((index): Assignment[] => {
    const partition = group.partitions[index]
    if (partition === undefined || !isFree(partition, lease, now)) return []
    // Who lets go leaves no lease behind.
    const isUnclean = partition.lease !== null && partition.lease.life !== life
    partition.lease = lease
    const { checkpoint } = partition
    return [{ partition: index, checkpoint, quarantineUntil: isUnclean ? endOf(index) : null }]
  })
  return {
    sharing,
    held: stillHeld.map(({ index }) => index),
    taken,
  }
}

function isFree({ lease }: GroupPartition, { consumer }: Lease, now: number): boolean {
  return lease === null || lease.until <= now || lease.consumer === consumer
}
