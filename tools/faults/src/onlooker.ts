import { setTimeout as delay } from "node:timers/promises"
import type { Book } from "./book.js"
import type { Connection } from "./connect.js"
import { chainOf, makeStore } from "./features.js"

const PAUSE_MS = 25
const AT_ONCE = 5

/** The features of one entity as they were read together. */
export interface Snapshot {
  readonly entityId: string
  readonly chain: string
  readonly applied: readonly string[]
  readonly fragile: readonly string[]
}

/** The features of one hub as they were read together. */
export interface HubSnapshot {
  readonly hubId: string
  readonly gathered: readonly string[]
  readonly counted: number
}

/** Reads entities all the time, as an application would, and remembers what it saw. */
export class Onlooker {
  /** What is not of one moment, or would be if the poison in it were not in the dead-letter queue. */
  readonly odd: Snapshot[] = []
  /** Entity → length of the list → the chain that was seen with it. */
  readonly chains = new Map<string, Map<number, string>>()
  readonly #connection: Connection
  readonly #book: Book
  #isOver = false

  constructor(connection: Connection, book: Book) {
    this.#connection = connection
    this.#book = book
  }

  /** Looks until {@link stop}. */
  async run(): Promise<void> {
    const read = reader(this.#connection)
    for (let at = 0; !this.#isOver; at += AT_ONCE) {
      const entities = [...this.#book.entities]
      const some = Array.from(
        { length: Math.min(AT_ONCE, entities.length) },
        (_, i) => entities[(at + i) % entities.length],
      )
      for (const snapshot of await read(some as string[]).catch(() => [])) this.#look(snapshot)
      await delay(PAUSE_MS)
    }
  }

  stop(): void {
    this.#isOver = true
  }

  #look(snapshot: Snapshot): void {
    const { entityId, chain, applied, fragile } = snapshot
    const withoutPoison = applied.filter((id) => !this.#book.poison.has(id))
    if (chain !== chainOf(applied) || String(fragile) !== String(withoutPoison)) this.odd.push(snapshot)
    const chains = this.chains.get(entityId) ?? new Map<number, string>()
    this.chains.set(entityId, chains.set(applied.length, chain))
  }
}

/** Reads the features of entities, those of one entity at one moment. */
export function reader({ cache }: Connection): (entityIds: readonly string[]) => Promise<Snapshot[]> {
  const { store, chain, applied, fragile } = makeStore()
  store.connect({ cache })
  return async (entityIds) => {
    const rows = await store.getFeatures([chain, applied, fragile], entityIds)
    return rows.map(({ entityId, features }) => ({
      entityId,
      chain: features.chain.value,
      applied: features.applied.value,
      fragile: features.fragile.value,
    }))
  }
}

/** Reads the features of hubs, those of one hub at one moment. */
export async function readHubs({ cache }: Connection, hubIds: readonly string[]): Promise<HubSnapshot[]> {
  const { store, gathered, counted } = makeStore()
  store.connect({ cache })
  const rows = await store.getFeatures([gathered, counted], hubIds)
  return rows.map(({ entityId, features }) => ({
    hubId: entityId,
    gathered: features.gathered.value,
    counted: features.counted_events_lifetime.value,
  }))
}
