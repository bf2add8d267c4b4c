import type { Position } from "@fabra/events"
import type { Assignment, LeaseRequest, LeaseView } from "@fabra/events/adapter"
import type { Group, GroupPartition } from "./groups.js"

/**
 * One round of lease keeping. Nothing here waits or reads a clock: the caller holds the lock and stores the group.
 * @param endOf position of a partition's newest record, `null` while it is empty
 */
export function syncLeases(
  group: Group,
  { consumer, leaseMs, held, wanted, released, leaving }: LeaseRequest,
  now: number,
  endOf: (partition: number) => Position | null,
): LeaseView {
  const lease = { consumer, until: now + leaseMs }
  group.members = group.members.filter((member) => member.consumer !== consumer && member.until > now)
  if (!leaving) group.members.push(lease)

  const ours = (partitions: readonly number[]) =>
    partitions.flatMap((index) => {
      const partition = group.partitions[index]
      return partition?.lease?.consumer === consumer ? [{ index, partition }] : []
    })
  for (const { partition } of ours(released)) partition.lease = null
  const stillHeld = ours(held)
  for (const { partition } of stillHeld) partition.lease = lease

  const taken = wanted.flatMap((index): Assignment[] => {
    const partition = group.partitions[index]
    if (partition === undefined || !isFree(partition, consumer, now)) return []
    // Who lets go leaves no lease behind.
    const isUnclean = partition.lease !== null && partition.lease.consumer !== consumer
    partition.lease = lease
    const { checkpoint } = partition
    return [{ partition: index, checkpoint, quarantineUntil: isUnclean ? endOf(index) : null }]
  })
  return {
    members: group.members.map((member) => member.consumer),
    held: stillHeld.map(({ index }) => index),
    taken,
  }
}

function isFree({ lease }: GroupPartition, consumer: string, now: number): boolean {
  return lease === null || lease.until <= now || lease.consumer === consumer
}
