import type { FeatureCache } from "@fabra/core"
import { type Clock, type EventBus, FabraError, type PartitionLag, systemClock } from "@fabra/events"
import { checkName, totalLag } from "@fabra/events/adapter"
import { FeatureOwners, inTransit } from "./feature-owners.js"

/** How often a count is taken anew that events published meanwhile have spoilt. */
const COUNTS = 20

/** Options of {@link handOver}. */
export interface HandOverOptions {
  readonly bus: EventBus
  readonly cache: FeatureCache
  /** The group that computes the features now. It has applied all events, and no worker of it runs. */
  readonly from: string
  /** A group that is not there yet. */
  readonly to: string
  readonly clock?: Clock
}

/**
 * Gives all features of a consumer group, and its place in the log, to a new group, and removes the former. Every event is
 * applied once, by the one or by the other. If it is interrupted, the same call goes on: until it is done neither group can
 * start.
 * @returns the features
 * @throws FabraError `not_found` when the group computes nothing or is not there; `invalid_argument` while it has workers,
 *   events that are not applied or dead letters, or when the new group is there already; `invalid_name`,
 *   `bus_unavailable`, `cache_unavailable`
 */
export async function handOver(options: HandOverOptions): Promise<readonly string[]> {
  const { bus, cache, from, to, clock = systemClock } = options
  for (const group of [from, to]) checkName("group", group)
  const owners = new FeatureOwners(cache)
  const transit = inTransit(from, to)
  const isResumed = (await owners.of(transit)).length > 0
  if (!isResumed) {
    if ((await owners.of(from)).length === 0) throw new FabraError("not_found", `Group "${from}" computes no feature.`)
    if ((await bus.groups()).includes(to)) throw refused(`group "${to}" is there already, with a place of its own`)
    await checkIsDone(bus, from)
    await owners.handOver(from, transit, clock.now())
  }
  try {
    if (!isResumed || (await bus.groups()).includes(from)) await moveGroup(options)
  } catch (error) {
    const isOutage = ["bus_unavailable", "cache_unavailable"].includes(FabraError.from(error).code)
    if (!isOutage) await owners.handOver(transit, from, clock.now())
    throw error
  }
  return await owners.handOver(transit, to, clock.now())
}

/** Makes a group that stands where another does, and removes that one. */
async function moveGroup({ bus, from, to }: HandOverOptions): Promise<void> {
  // From here on no worker of it can start. Events that have come since it was done are for the new group.
  await checkHasNoWorkers(bus, from)
  const checkpoints = await bus.checkpoints(from)
  const assigned = new Set<number>()
  const subscription = await bus.subscribe({
    group: to,
    consumer: "hand-over",
    onAssigned: ({ partition }) => void assigned.add(partition),
    onRevoked: async () => {},
    onLost: (partition) => void assigned.delete(partition),
  })
  try {
    if (assigned.size < checkpoints.length) throw refused(`group "${to}" has workers`)
    const counts = await countsUpTo(bus, from, to)
    for (const [partition, position] of checkpoints.entries()) {
      if (position !== null) await subscription.checkpoint(partition, position, counts[partition] ?? 0)
    }
  } finally {
    await subscription.close()
  }
  try {
    await bus.removeGroup(from)
  } catch (error) {
    await bus.removeGroup(to)
    throw error
  }
}

async function checkHasNoWorkers(bus: EventBus, group: string): Promise<readonly PartitionLag[]> {
  const lags = await bus.lag(group)
  const owner = lags.find((one) => one.owner !== null)?.owner
  if (typeof owner === "string") throw refused(`worker "${owner}" of group "${group}" runs; stop it first`)
  return lags
}

async function checkIsDone(bus: EventBus, group: string): Promise<void> {
  const lags = await checkHasNoWorkers(bus, group)
  const { events } = totalLag(lags)
  const toDo = `start its workers again, and stop them once \`fabra lag --group ${group}\` shows none`
  if (events > 0) throw refused(`group "${group}" has ${events} events not applied; ${toDo}`)
  const letters = await bus.deadLetters.list({ group }, { limit: 1 })
  if (letters.entries.length > 0) throw refused(`group "${group}" has dead letters; replay or discard them first`)
}

/**
 * How many records there are, in each partition, at or before the checkpoint of a group, counted by a group that has
 * settled nothing.
 */
async function countsUpTo(bus: EventBus, settled: string, fresh: string): Promise<number[]> {
  const counts: number[] = []
  let before = await bus.lag(settled)
  for (let round = 0; round < COUNTS; round++) {
    const all = await bus.lag(fresh)
    const after = await bus.lag(settled)
    const behind = (lags: readonly PartitionLag[], partition: number) => lags[partition]?.events ?? 0
    for (const { partition, events } of all) {
      const isExact = behind(before, partition) === behind(after, partition)
      if (isExact || round === 0) counts[partition] = events - behind(after, partition)
    }
    if (all.every(({ partition }) => behind(before, partition) === behind(after, partition))) break
    before = after
  }
  return counts
}

function refused(why: string): FabraError {
  return new FabraError("invalid_argument", `Nothing was handed over: ${why}.`, { path: "group" })
}
