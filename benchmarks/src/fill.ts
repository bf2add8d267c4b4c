import type { Contender, World } from "./contender.js"
import { eventsOf, type PurchaseEvent } from "./workload.js"

const BATCH = 5_000
const BATCH_CHARACTERS = 5_000_000

/** Publishes events, by default the whole workload, which the workers then drain. @param most no more than so many */
export async function fill(
  contender: Contender,
  world: World,
  source: Iterator<PurchaseEvent> = eventsOf(world.workload),
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  const producer = contender.producer(world)
  const batch = Math.max(1, Math.min(BATCH, Math.floor(BATCH_CHARACTERS / (world.workload.noteLength + 150))))
  try {
    let events: PurchaseEvent[] = []
    for (let published = 0; published < most; published++) {
      const next = source.next()
      if (next.done) break
      if (events.push(next.value) < batch) continue
      await producer.publish(events)
      events = []
    }
    await producer.publish(events)
  } finally {
    await producer.close()
  }
}
