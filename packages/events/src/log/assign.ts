import { hashEntityId } from "../bus/partition.js"

/**
 * Which partitions each member should hold: rendezvous hashing with a cap, so that every member computes the same answer
 * from the same list, shares differ by at most one, and a member that comes or goes moves few partitions.
 *
 * Source: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998); the cap is ours.
 */
export function assignPartitions(members: readonly string[], partitions: number): Map<string, number[]> {
  const shares = new Map<string, number[]>([...members].sort().map((member) => [member, []]))
  if (shares.size === 0) return shares
  const floor = Math.floor(partitions / shares.size)
  let extras = partitions % shares.size // so many members may hold one above the floor
  for (let partition = 0; partition < partitions; partition++) {
    let best: number[] | undefined
    let bestWeight = -1
    for (const [member, share] of shares) {
      if (share.length > floor || (share.length === floor && extras === 0)) continue
      const weight = hashEntityId(`${member}\n${partition}`)
      if (weight > bestWeight) {
        best = share
        bestWeight = weight
      }
    }
    if (best?.length === floor) extras--
    best?.push(partition)
  }
  return shares
}
