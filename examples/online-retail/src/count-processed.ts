import { setTimeout as delay } from "node:timers/promises"

const PATIENCE_MS = 5_000
const POLL_MS = 20

/**
 * How many events the workers on these ports say in their metrics that they have processed. A worker counts a moment
 * after its commit can be seen, so it is asked again for a while when it is less than `expected`.
 */
export async function countProcessed(ports: readonly number[], expected: number): Promise<number> {
  for (const startedAt = performance.now(); ; await delay(POLL_MS)) {
    const pages = await Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()))
    const counts = pages.flatMap((page) => [...page.matchAll(/^fabra_events_processed_total\{.*\} (\d+)$/gm)])
    const processed = counts.reduce((sum, [, count]) => sum + Number(count), 0)
    if (processed >= expected || performance.now() - startedAt > PATIENCE_MS) return processed
  }
}
