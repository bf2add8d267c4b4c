import { type Clock, createEvent, type EventBus, FabraError, type Position } from "@fabra/events"
import { sleep } from "@fabra/events/adapter"

/** Triggers nothing. */
const EVENT_TYPE = "fabra_erase"
const LOOK_EVERY_MS = 250

/**
 * Waits until every group has settled, durably, all that the bus has accepted for an entity until now: an event that changes nothing
 * is published behind it, and each group's checkpoint must pass that.
 * @returns the groups whose checkpoint has not at the deadline
 */
export async function groupsBehind(
  bus: EventBus,
  entityId: string,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: number },
): Promise<readonly string[]> {
  const { partition, position } = await bus.publish(createEvent({ eventType: EVENT_TYPE, entityId }))
  for (;;) {
    const groups = await bus.groups()
    const passed = await Promise.all(groups.map((group) => hasPassed(bus, group, partition, position)))
    const behind = groups.filter((_, i) => passed[i] === false)
    if (behind.length === 0 || clock.now() >= deadline) return behind
    await sleep(clock, LOOK_EVERY_MS)
  }
}

async function hasPassed(bus: EventBus, group: string, partition: number, position: Position): Promise<boolean> {
  try {
    return ((await bus.checkpoints(group))[partition] ?? "") >= position
  } catch (error) {
    if (FabraError.from(error).code === "not_found") return true // removed meanwhile
    throw error
  }
}
