import type { Position } from "@fabra/events"
import { groupInUse } from "@fabra/events/adapter"
import type { Keys, PartitionKeys } from "../keyspace/keys.js"
import { toStreamId } from "../keyspace/positions.js"
import { groupNamesIn } from "../keyspace/stream-info.js"
import type { Link } from "../transport/link.js"
import { disbandScript, type GroupAnswer, groupScript } from "./group-script.js"

/** What was missing of a group, and was created again. */
export interface Missing {
  readonly groupIn: readonly number[]
  readonly streams: readonly number[]
}

/**
 * Makes sure that a group exists in these partitions.
 * @param furthest the furthest position read of each: a stream that has come back goes on after it
 */
export async function ensureGroup(
  link: Link,
  partitions: readonly PartitionKeys[],
  group: string,
  furthest: ReadonlyMap<number, Position>,
): Promise<Missing> {
  const answers = await Promise.all(
    partitions.map(async ({ events, index }): Promise<[number, GroupAnswer]> => {
      const known = furthest.get(index)
      const args = [group, known === undefined ? "" : toStreamId(known)]
      return [index, await link.run(events, (redis) => groupScript.run(redis, [events], args))]
    }),
  )
  const those = (wanted: GroupAnswer) => answers.filter(([, answer]) => answer === wanted).map(([index]) => index)
  return { groupIn: those("group"), streams: those("stream") }
}

/** The names of all groups, in alphabetical order. */
export async function groupNames(link: Link, partitions: readonly PartitionKeys[]): Promise<string[]> {
  const names = await Promise.all(
    partitions.map(({ events }) => link.run(events, (redis) => groupNamesIn(redis, events))),
  )
  return [...new Set(names.flat())].sort()
}

/**
 * Removes a group that nobody uses any more: its checkpoints, leases and notes.
 * @returns whether there was such a group @throws FabraError `invalid_argument` while it has members
 */
export async function removeGroup(
  link: Link,
  keys: Keys,
  partitions: readonly PartitionKeys[],
  group: string,
): Promise<boolean> {
  const own = [keys.members(group), keys.leases(group)]
  const living = await link.run(keys.leases(group), (redis) => disbandScript.run(redis, own, []))
  if (living.length > 0) throw groupInUse(group, [...living].sort())
  const removed = await Promise.all(
    partitions.map((partition) =>
      link.run(partition.events, async (redis) => {
        if ((await redis.exists(partition.events)) === 0) return 0
        const [count] = await Promise.all([
          redis.xgroup("DESTROY", partition.events, group),
          redis.del(partition.attempts(group)),
        ])
        return Number(count)
      }),
    ),
  )
  return removed.some((count) => count > 0)
}
