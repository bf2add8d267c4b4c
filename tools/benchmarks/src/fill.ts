import type { Producer } from "./contender.js"
import type { PurchaseEvent, WorkloadSpec } from "./workload.js"

const BATCH = 5_000
const BATCH_CHARACTERS = 5_000_000

/** Publishes the next `count` events of `source`, fewer when it has no more. */
export async function fill(
  producer: Producer,
  source: Iterator<PurchaseEvent>,
  count: number,
  { noteLength }: WorkloadSpec,
): Promise<void> {
  const batch = Math.max(1, Math.min(BATCH, Math.floor(BATCH_CHARACTERS / (noteLength + 150))))
  let events: PurchaseEvent[] = []
  for (let published = 0; published < count; published++) {
    const next = source.next()
    if (next.done) break
    if (events.push(next.value) < batch) continue
    await producer.publish(events)
    events = []
  }
  await producer.publish(events)
}
