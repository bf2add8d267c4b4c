import { type EncodedEvent, partitionOf } from "@fabra/events/adapter"

/** Most events of one script call: longer ones would hold up everybody else's commands. */
const CHUNK_EVENTS = 500
const CHUNK_CHARACTERS = 1_000_000

/** Events of one partition that fit into one script call. */
export interface Chunk {
  readonly events: readonly EncodedEvent[]
  /** Where each stands among all that are published. */
  readonly slots: readonly number[]
  /** Length of the events' data. */
  readonly characters: number
}

/** What is put into script calls. */
export interface Packable {
  /** The partition it is for. */
  readonly partition: number
  readonly events: readonly EncodedEvent[]
  readonly characters: number
}

/** What goes into one script call: what is for one partition stands together. */
export type Packed<P> = [P, ...P[]][]

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
    if (!chunk || isFull(chunk.events.length, chunk.characters, 1, event.data.length)) {
      chunk = { events: [], slots: [], characters: 0 }
      lane.push(chunk)
    }
    chunk.events.push(event)
    chunk.slots.push(slot)
    chunk.characters += event.data.length
  }
  return lanes
}

/**
 * Puts chunks into script calls, few of them. What is for one partition keeps its order, within a call and from one to the
 * next.
 * @param apart no call is for more than one partition
 */
export function pack<P extends Packable>(chunks: readonly P[], apart: boolean): Packed<P>[] {
  type Call = { lanes: Map<number, [P, ...P[]]>; events: number; characters: number }
  const calls: Call[] = []
  const open = new Map<number, Call>()
  for (const chunk of chunks) {
    const { partition, events, characters } = chunk
    const place = apart ? partition : 0
    let call = open.get(place)
    if (!call || isFull(call.events, call.characters, events.length, characters)) {
      call = { lanes: new Map(), events: 0, characters: 0 }
      calls.push(call)
      open.set(place, call)
    }
    const lane = call.lanes.get(partition)
    if (lane === undefined) call.lanes.set(partition, [chunk])
    else lane.push(chunk)
    call.events += events.length
    call.characters += characters
  }
  return calls.map((call) => [...call.lanes.values()])
}

function isFull(events: number, characters: number, moreEvents: number, moreCharacters: number): boolean {
  return events + moreEvents > CHUNK_EVENTS || characters + moreCharacters > CHUNK_CHARACTERS
}
