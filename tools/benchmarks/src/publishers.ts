import { RedisEventBus } from "@fabra/bus-redis"
import type { Producer } from "./contender.js"
import { bullmq } from "./contenders/bullmq.js"
import { producerOf } from "./contenders/fabra.js"
import { naive } from "./contenders/naive.js"

/** A way to hand events over. */
export interface Publisher {
  readonly name: string
  readonly title: string
  /** No ratio needs it: left out of `--quick`. */
  readonly isExtra?: boolean
  producer(url: string): Producer
}

export const publishers: readonly Publisher[] = [
  {
    name: "fabra",
    title: "Fabra, idempotent (default)",
    producer: (url) => producerOf(new RedisEventBus({ url })),
  },
  {
    name: "fabra_no_dedupe",
    title: "Fabra, dedupe window 0",
    producer: (url) => producerOf(new RedisEventBus({ url, dedupeWindowMs: 0 })),
    isExtra: true,
  },
  { name: "xadd", title: "plain XADD, pipelined", producer: (url) => naive.producer({ url, ...unused }) },
  {
    name: "bullmq",
    title: "BullMQ, addBulk",
    producer: (url) => bullmq("", "", 1, 1).producer({ url, ...unused }),
    isExtra: true,
  },
]

const unused = { workload: { events: 0, entities: 0, features: 0, noteLength: 0 }, processes: 0 }

/** @throws Error when there is none of this name */
export function publisherNamed(name: string): Publisher {
  const found = publishers.find((publisher) => publisher.name === name)
  if (found === undefined) throw new Error(`There is no publisher "${name}".`)
  return found
}
