import type { ConnectionOptions } from "bullmq"
import { Redis } from "ioredis"
import type { Contender } from "../contender.js"
import type { PurchaseEvent } from "../workload.js"
import { apply, readerOfHashes } from "./naive.js"

const QUEUE = "events"

/**
 * BullMQ as its documentation advises for speed: jobs added in bulk and removed when done, concurrency from the worker.
 * With more than one job at a time it loses updates, since two of one entity can read the same values.
 */
export function bullmq(name: string, title: string, concurrency: number, share: number): Contender {
  return {
    name,
    title,
    share,
    likesOneCore: concurrency === 1,
    producer({ url }) {
      const loaded = import("bullmq").then(({ Queue }) => new Queue(QUEUE, { connection: connectionTo(url) }))
      return {
        async publish(events) {
          const queue = await loaded
          await queue.addBulk(events.map((data) => ({ name: "purchase", data })))
        },
        close: async () => (await loaded).close(),
      }
    },
    async worker({ url }, onApplied) {
      const { Worker } = await import("bullmq")
      const redis = new Redis(url)
      let left = 0
      let done = () => {}
      const worker = new Worker<PurchaseEvent>(QUEUE, (job) => apply(redis, job.data), {
        connection: connectionTo(url),
        concurrency,
        autorun: false,
        removeOnComplete: { count: 0 },
      })
      worker.on("completed", () => {
        onApplied()
        if (--left === 0) done()
      })
      await worker.waitUntilReady()
      return {
        drain(events) {
          left = events
          if (worker.isPaused()) worker.resume().catch(console.error)
          else if (!worker.isRunning()) worker.run().catch(console.error)
          return new Promise((resolve) => {
            done = resolve
          })
        },
        async hold() {
          if (worker.isRunning()) await worker.pause()
        },
      }
    },
    reader: ({ url }) => readerOfHashes(new Redis(url)),
  }
}

function connectionTo(url: string): ConnectionOptions {
  return { url, maxRetriesPerRequest: null }
}
