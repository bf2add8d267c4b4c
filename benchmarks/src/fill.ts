import type { Contender, World } from "./contender.js"
import { eventsOf, type PurchaseEvent } from "./workload.js"

const BATCH = 5_000
const BATCH_CHARACTERS = 5_000_000

/** Publishes the whole workload, which the workers then drain. */
export async function fill(contender: Contender, world: World): Promise<void> {
  const producer = contender.producer(world)
  const batch = Math.max(1, Math.min(BATCH, Math.floor(BATCH_CHARACTERS / (world.workload.noteLength + 150))))
  try {
    let events: PurchaseEvent[] = []
    for (const event of eventsOf(world.workload)) {
      if (events.push(event) < batch) continue
      await producer.publish(events)
      events = []
    }
    await producer.publish(events)
  } finally {
    await producer.close()
  }
}
