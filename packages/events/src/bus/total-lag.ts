import type { PartitionLag } from "./bus.js"

/** How far a group is behind in all partitions together. */
export interface TotalLag {
  /** Records after the stored checkpoints. */
  readonly events: number
  /** Milliseconds since the bus accepted the oldest of them; `null` when there is none. */
  readonly oldestAgeMs: number | null
}

/** Sums what `EventBus.lag` says of each partition. */
export function totalLag(partitions: readonly PartitionLag[]): TotalLag {
  const ages = partitions.flatMap(({ oldestAgeMs }) => oldestAgeMs ?? [])
  return {
    events: partitions.reduce((sum, { events }) => sum + events, 0),
    oldestAgeMs: ages.length === 0 ? null : Math.max(...ages),
  }
}
