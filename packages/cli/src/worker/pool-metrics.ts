import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import type { Metrics, MetricsSnapshot } from "@fabra/metrics"

const ASK = "metrics"
/** Longer than anybody waits for the answer. */
const DEADLINE_MS = 2_000

/** Asks a process that {@link answerMetrics} for what it has counted. */
export async function askMetrics(child: ChildProcess): Promise<MetricsSnapshot> {
  child.send(ASK, () => {}) // to one that has just died it cannot be sent
  const [snapshot] = await once(child, "message", { signal: AbortSignal.timeout(DEADLINE_MS) })
  return snapshot as MetricsSnapshot
}

/** Lets the parent of this process ask for what it has counted. */
export function answerMetrics(metrics: Metrics): void {
  process.on("message", async (message) => {
    if (message === ASK) process.send?.(await metrics.snapshot(), undefined, {}, () => {})
  })
}
