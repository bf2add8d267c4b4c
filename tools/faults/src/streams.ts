import { decodeEvent } from "@fabra/events/adapter"
import type { Redis } from "ioredis"
import type { Place } from "./place.js"

/** What stands in the log, read from Redis itself and not through what is being tested. */
export interface Log {
  /** Entity → event ids in the order in which the bus accepted them. */
  readonly ids: ReadonlyMap<string, readonly string[]>
  /** Records that are no events. */
  readonly rubbish: readonly string[]
  readonly records: number
}

/** A stream of a partition, and a client of the server that has it. */
export interface Stream {
  readonly client: Redis
  readonly key: string
}

/** The streams of all partitions of a namespace. */
export async function findStreams(place: Place, namespace: string): Promise<Stream[]> {
  const found = await Promise.all(
    (await place.masters()).map(async (server) => {
      const client = place.client(server)
      return (await client.keys(`${namespace}:events:*`)).map((key) => ({ client, key }))
    }),
  )
  return found.flat()
}

/** Reads the log of a namespace. */
export async function readLog(place: Place, namespace: string): Promise<Log> {
  const ids = new Map<string, string[]>()
  const rubbish: string[] = []
  let records = 0
  for (const { client, key } of await findStreams(place, namespace)) {
    for (const [, [, data = ""]] of await client.xrange(key, "-", "+")) {
      records++
      try {
        const { entityId, eventId } = decodeEvent(data)
        const before = ids.get(entityId)
        if (before === undefined) ids.set(entityId, [eventId])
        else before.push(eventId)
      } catch {
        rubbish.push(data)
      }
    }
  }
  return { ids, rubbish, records }
}
