import type { GrowthRow } from "./suites/growth.js"
import type { LatencyRow } from "./suites/latency.js"
import type { PublishingRow } from "./suites/publishing.js"
import type { ServingRow } from "./suites/serving.js"
import type { ThroughputRow } from "./suites/throughput.js"

/** All that one run has measured; what was not asked for is empty. */
export interface Figures {
  readonly throughput: readonly ThroughputRow[]
  readonly latency: readonly LatencyRow[]
  readonly publishing: readonly PublishingRow[]
  readonly serving: readonly ServingRow[]
  readonly growth: readonly GrowthRow[]
}

/** The most wrong entities of each contender that computes something, by name. */
export function wrongEntitiesOf({ throughput }: Figures): Record<string, number> {
  const wrong: Record<string, number> = {}
  for (const { name, wrongEntities } of throughput) {
    if (wrongEntities !== null) wrong[name] = Math.max(wrong[name] ?? 0, wrongEntities)
  }
  return wrong
}
