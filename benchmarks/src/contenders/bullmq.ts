import { type ConnectionOptions, Queue, Worker } from "bullmq"
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
    likesOneCore: true,
    producer({ url }) {
      const queue = new Queue<PurchaseEvent>(QUEUE, { connection: connectionTo(url) })
      return {
        async publish(events) {
          await queue.addBulk(events.map((data) => ({ name: "purchase", data })))
        },
        close: () => queue.close(),
      }
    },
    async worker({ url }, onApplied) {
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
