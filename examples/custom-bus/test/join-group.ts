import type { EventBus } from "@fabra/events"
import type { Assignment, Subscription } from "@fabra/events/adapter"

/** Joins a group; resolves when it is assigned partition 0. */
export async function joinGroup(
  bus: EventBus,
  consumer: string,
  leaseMs?: number,
): Promise<{ subscription: Subscription; assignment: Assignment }> {
  let assigned: (assignment: Assignment) => void = () => {}
  const first = new Promise<Assignment>((resolve) => {
    assigned = resolve
  })
  const subscription = await bus.subscribe({
    group: "group",
    consumer,
    leaseMs,
    onAssigned: (assignment) => assignment.partition === 0 && assigned(assignment),
    onRevoked: async () => {},
    onLost: () => {},
  })
  return { subscription, assignment: await first }
}
