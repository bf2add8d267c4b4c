// Publishes in a process of its own, started by suites/publishing.ts.
import type { Producer } from "./contender.js"
import { serve } from "./lib/child.js"
import { PUBLISH_MODES, type PublishMode } from "./publish-modes.js"
import { publisherNamed } from "./publishers.js"
import { eventsOf, type PurchaseEvent, type WorkloadSpec } from "./workload.js"

let producer: Producer

const methods = {
  async prepare(name: string, url: string): Promise<void> {
    producer = publisherNamed(name).producer(url)
  },

  /** @param prefix of the event ids, so that no two calls publish the same events */
  async publish(mode: PublishMode, spec: WorkloadSpec, prefix: string): Promise<{ ms: number; cpuUs: number }> {
    const events = [...eventsOf(spec)].map((event) => ({ ...event, eventId: `${prefix}${event.eventId}` }))
    const start = performance.now()
    const before = process.cpuUsage()
    if (mode === "batches") await publishBatches(events, PUBLISH_MODES.batches)
    else await publishSingly(events, PUBLISH_MODES[mode])
    const { user, system } = process.cpuUsage(before)
    return { ms: performance.now() - start, cpuUs: user + system }
  },
}

async function publishBatches(events: readonly PurchaseEvent[], size: number): Promise<void> {
  for (let i = 0; i < events.length; i += size) await producer.publish(events.slice(i, i + size))
}

/** So many loops that each await every event of theirs. */
async function publishSingly(events: readonly PurchaseEvent[], loops: number): Promise<void> {
  let next = 0
  const loop = async () => {
    while (next < events.length) await producer.publish([events[next++] as PurchaseEvent])
  }
  await Promise.all(Array.from({ length: loops }, loop))
}

/** What this process can be asked. */
export type PublishMethods = typeof methods

serve(methods)
