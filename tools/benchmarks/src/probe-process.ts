// Publishes events of one entity and watches when their values can be read, started by suites/latency.ts.
import { setTimeout as delay } from "node:timers/promises"
import { createEvent } from "@fabra/events"
import type { Reader, World } from "./contender.js"
import { contenderNamed } from "./contenders/index.js"
import { serve } from "./lib/child.js"

const EVERY_MS = 5
const PATIENCE_MS = 20_000

const methods = {
  /**
   * Milliseconds of each probe sent after the warm-up; one never seen counts as the whole wait for it.
   * @param entityId of one that was never probed before
   */
  async probe(name: string, world: World, entityId: string, warmUpSeconds: number, seconds: number): Promise<number[]> {
    const contender = contenderNamed(name)
    const producer = contender.producer(world)
    const reader = contender.reader?.(world) as Reader
    const sentAt: number[] = []
    const latencies: number[] = []
    const total = Math.floor(((warmUpSeconds + seconds) * 1000) / EVERY_MS)
    const watching = watch(reader, entityId, sentAt, latencies, total)
    const start = performance.now()
    for (let n = 0; n < total; n++) {
      await delay(Math.max(0, start + n * EVERY_MS - performance.now()))
      sentAt.push(performance.now())
      const payload = { amount: n + 1, product_id: "prod_1" }
      producer.publish([createEvent({ eventType: "purchase", entityId, payload })]).catch(console.error)
    }
    await watching
    await producer.close()
    await reader.close()
    return latencies.slice(Math.floor((warmUpSeconds * 1000) / EVERY_MS))
  },
}

/** Reads as long as a probe is on its way; a value seen tells that its event and all before it were applied. */
async function watch(
  reader: Reader,
  entityId: string,
  sentAt: readonly number[],
  latencies: number[],
  total: number,
): Promise<void> {
  while (latencies.length < total) {
    if (latencies.length === sentAt.length) {
      await delay(1)
      continue
    }
    const [row] = await reader.read([entityId])
    const now = performance.now()
    const isLost = now - (sentAt[latencies.length] as number) > PATIENCE_MS
    const seen = isLost ? latencies.length + 1 : (row?.last ?? 0)
    while (latencies.length < seen) latencies.push(now - (sentAt[latencies.length] as number))
    // Whoever waits long must not take the CPU from whom it waits for.
    const waited = now - (sentAt[latencies.length] ?? now)
    if (waited > 1) await delay(waited / 8) // a millisecond at least
  }
}

/** What this process can be asked. */
export type ProbeMethods = typeof methods

serve(methods)
