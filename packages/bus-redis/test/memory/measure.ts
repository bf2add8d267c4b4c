import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { createEvent } from "@fabra/events"
import type { RedisTestServer } from "@fabra/testing"
import { RedisEventBus } from "../../src/index.js"

/** What stands in the bus when the worker starts. */
export interface MemoryCase {
  readonly events: number
  /** Over so many entities, in turn. */
  readonly entities: number
  /** Whose events all fail and are retried for as long as the worker lives: those of so many of the entities. */
  readonly stuck: number
}

/** What the worker took while it worked through it; snake_case, since it leaves the process. */
export interface MemoryUse {
  readonly events: number
  readonly applied: number
  readonly seconds: number
  readonly peak_rss_mb: number
  /** Of what was in use, garbage apart. */
  readonly peak_heap_mb: number
}

const PUBLISH_AT_ONCE = 2_000

/** Fills a bus, lets a worker in a process of its own work through it, and tells how much memory that took. */
export async function measureMemory(server: RedisTestServer, load: MemoryCase): Promise<MemoryUse> {
  const { url } = server
  const namespace = server.namespace()
  const bus = new RedisEventBus({ url, namespace, dedupeWindowMs: 1 })
  let possible = 0
  for (let from = 0; from < load.events; from += PUBLISH_AT_ONCE) {
    const events = Array.from({ length: Math.min(PUBLISH_AT_ONCE, load.events - from) }, (_, i) =>
      createEvent({
        eventType: "purchase",
        entityId: `user_${(from + i) % load.entities}`,
        payload: { amount: i, product_id: "prod_456", channel: "web" },
      }),
    )
    for (const result of await bus.publish(events)) if (!result.ok) throw result.error
    possible += events.filter((_, i) => (from + i) % load.entities >= load.stuck).length
  }
  await bus.close()
  const script = fileURLToPath(new URL("./worker-process.ts", import.meta.url))
  const args = ["--import", "tsx", "--expose-gc", script, JSON.stringify({ ...load, url, namespace }), `${possible}`]
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  let output = ""
  child.stdout.on("data", (data) => {
    output += data
  })
  const [code] = await once(child, "close")
  if (code !== 0) throw new Error(`The worker's process ended with ${code}: ${output}`)
  return JSON.parse(output.trim().split("\n").at(-1) as string)
}
