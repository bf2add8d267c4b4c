import { Redis } from "ioredis"
import type { Contender, Reader } from "../contender.js"
import { addTo, type Purchase, type PurchaseEvent, type Totals } from "../workload.js"

const STREAM = "events"
const GROUP = "workers"

/**
 * The loop most people write: take the next event of a consumer group, read the entity's values, add, write them back,
 * acknowledge. Exact with one worker and as long as nothing goes wrong.
 */
export const naive: Contender = {
  name: "naive",
  title: "Redis Streams loop: XREADGROUP, HMGET, HSET, XACK",
  share: 0.1,
  likesOneCore: true,
  producer({ url }) {
    const redis = new Redis(url)
    return {
      async publish(events) {
        const pipeline = redis.pipeline()
        for (const event of events) pipeline.xadd(STREAM, "*", "data", JSON.stringify(event))
        await pipeline.exec()
      },
      close: async () => redis.disconnect(),
    }
  },
  async worker({ url }, onApplied) {
    const redis = new Redis(url)
    await redis.xgroup("CREATE", STREAM, GROUP, "0", "MKSTREAM")
    return {
      async drain(events) {
        for (let applied = 0; applied < events; ) {
          const reply = (await redis.xreadgroup(
            ...(["GROUP", GROUP, "one", "COUNT", 1, "BLOCK", 1000, "STREAMS", STREAM, ">"] as const),
          )) as [string, [string, string[]][]][] | null
          for (const [id, fields] of reply?.[0]?.[1] ?? []) {
            await apply(redis, JSON.parse(fields[1] as string))
            await redis.xack(STREAM, GROUP, id)
            onApplied()
            applied++
          }
        }
      },
    }
  },
  reader: ({ url }) => readerOfHashes(new Redis(url)),
}

/** Read, add, write back: what queue workers and stream loops do with an event. */
export async function apply(redis: Redis, event: PurchaseEvent): Promise<void> {
  const key = keyOf(event.entityId)
  const next = addTo(toTotals(await redis.hmget(key, "last", "count", "sum")), (event.payload as Purchase).amount)
  await redis.hset(key, { ...next })
}

/** Reads what {@link apply} has written. */
export function readerOfHashes(redis: Redis): Reader {
  return {
    async read(entityIds) {
      const pipeline = redis.pipeline()
      for (const entityId of entityIds) pipeline.hmget(keyOf(entityId), "last", "count", "sum")
      const replies = (await pipeline.exec()) ?? []
      return replies.map(([, values]) => toTotals(values as (string | null)[]))
    },
    close: async () => redis.disconnect(),
  }
}

function toTotals([last, count, sum]: readonly (string | null)[]): Totals | undefined {
  return last ? { last: Number(last), count: Number(count), sum: Number(sum) } : undefined
}

function keyOf(entityId: string): string {
  return `user:${entityId}`
}
