import { type Clock, createEvent, type EventBus, FabraError, type PublishReceipt } from "@fabra/events"
import { partitionOf, sleep } from "@fabra/events/adapter"

/** Triggers nothing. */
const EVENT_TYPE = "fabra_erase"
const LOOK_EVERY_MS = 250

/** How long to wait, and for what. */
export interface Waiting {
  readonly clock: Clock
  /** By that clock. */
  readonly deadline: number
  /** Events of other ids change the entity too, as the `key` of a feature says: they may be in any partition. */
  readonly everywhere: boolean
}

/**
 * Waits until every group has settled, durably, all that the bus has accepted for an entity until now: an event that changes nothing
 * is published behind it, and each group's checkpoint must pass that.
 * @returns the groups whose checkpoint has not at the deadline
 */
export async function groupsBehind(
  bus: EventBus,
  entityId: string,
  { clock, deadline, everywhere }: Waiting,
): Promise<readonly string[]> {
  const ids = everywhere ? await idOfEachPartition(bus) : [entityId]
  const markers = await Promise.all(ids.map((id) => bus.publish(createEvent({ eventType: EVENT_TYPE, entityId: id }))))
  for (;;) {
    const groups = await bus.groups()
    const passed = await Promise.all(groups.map((group) => hasPassed(bus, group, markers)))
    const behind = groups.filter((_, i) => passed[i] === false)
    if (behind.length === 0 || clock.now() >= deadline) return behind
    await sleep(clock, LOOK_EVERY_MS)
  }
}

async function idOfEachPartition(bus: EventBus): Promise<readonly string[]> {
  const [group] = await bus.groups()
  if (group === undefined) return []
  const partitions = (await bus.checkpoints(group)).length
  const ids = new Map<number, string>()
  for (let i = 0; ids.size < partitions; i++)
    ids.set(partitionOf(`${EVENT_TYPE}_${i}`, partitions), `${EVENT_TYPE}_${i}`)
  return [...ids.values()]
}

async function hasPassed(bus: EventBus, group: string, markers: readonly PublishReceipt[]): Promise<boolean> {
  try {
    const checkpoints = await bus.checkpoints(group)
    return markers.every(({ partition, position }) => (checkpoints[partition] ?? "") >= position)
  } catch (error) {
    if (FabraError.from(error).code === "not_found") return true // removed meanwhile
    throw error
  }
}
