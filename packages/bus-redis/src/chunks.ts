import { type EncodedEvent, partitionOf } from "@fabra/events"

/** Most events of one script call: longer ones would hold up everybody else's commands. */
const CHUNK_EVENTS = 500
const CHUNK_CHARACTERS = 1_000_000

/** Events of one partition for one script call. */
export interface Chunk {
  readonly events: readonly EncodedEvent[]
  /** Where each stands among all that are published. */
  readonly slots: readonly number[]
}

/** Deals events out to their partitions, each in their order. */
export function byPartition(events: readonly EncodedEvent[], partitions: number): Map<number, Chunk[]> {
  const lanes = new Map<number, { events: EncodedEvent[]; slots: number[]; characters: number }[]>()
  for (const [slot, event] of events.entries()) {
    const partition = partitionOf(event.entityId, partitions)
    let lane = lanes.get(partition)
    if (lane === undefined) {
      lane = []
      lanes.set(partition, lane)
    }
    let chunk = lane.at(-1)
    if (!chunk || chunk.events.length >= CHUNK_EVENTS || chunk.characters + event.data.length > CHUNK_CHARACTERS) {
      chunk = { events: [], slots: [], characters: 0 }
      lane.push(chunk)
    }
    chunk.events.push(event)
    chunk.slots.push(slot)
    chunk.characters += event.data.length
  }
  return lanes
}
