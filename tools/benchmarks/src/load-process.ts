// Publishes at a steady rate, in a process of its own, started by suites/latency.ts.
import { setTimeout as delay } from "node:timers/promises"
import type { World } from "./contender.js"
import { contenderNamed } from "./contenders/index.js"
import { serve } from "./lib/child.js"
import { eventsOf, type PurchaseEvent } from "./workload.js"

/** So many calls of publish at once, as from so many requests being served. */
const MAX_CALLS = 50

const methods = {
  /** Publishes the workload at so many events a second, and returns how many a second it were. */
  async publish(name: string, world: World, rate: number): Promise<number> {
    const producer = contenderNamed(name).producer(world)
    const events = eventsOf(world.workload)
    const calls = new Set<Promise<void>>()
    const start = performance.now()
    let published = 0
    for (;;) {
      const due: PurchaseEvent[] = []
      while (published < ((performance.now() - start) / 1000) * rate) {
        const next = events.next()
        if (next.done) {
          await Promise.all(calls)
          await producer.close()
          return (published / (performance.now() - start)) * 1000
        }
        due.push(next.value)
        published++
      }
      if (due.length > 0) {
        const call = producer.publish(due).finally(() => calls.delete(call))
        calls.add(call)
      }
      if (calls.size >= MAX_CALLS) await Promise.race(calls)
      else await delay(1)
    }
  },
}

/** What this process can be asked. */
export type LoadMethods = typeof methods

serve(methods)
