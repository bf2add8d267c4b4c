import { contenderNamed } from "../contenders/index.js"
import { type Measurement, RunningContender } from "../run.js"
import type { GrowthName, Sizes } from "../sizes.js"
import type { WorkloadSpec } from "../workload.js"

/** How Fabra on Redis, batch 500, does when one thing grows. */
export interface GrowthRow extends Pick<Measurement, "eventsPerSecond" | "peakBytes"> {
  readonly what: GrowthName
  readonly value: number
  readonly wrongEntities: number | null
}

/** Characters of all events together: large ones are fewer. */
const MAX_CHARACTERS = 300_000_000
const MAX_VALUES = 2_000_000

const SPECS: Readonly<Record<GrowthName, (base: WorkloadSpec, value: number) => WorkloadSpec>> = {
  backlog: (base, events) => ({ ...base, events }),
  features: (base, features) => ({ ...base, features, events: Math.min(base.events, MAX_VALUES / features) }),
  entities: (base, entities) => ({ ...base, entities }),
  value_length: (base, noteLength) => ({
    ...base,
    noteLength,
    events: Math.min(base.events, Math.ceil(MAX_CHARACTERS / (noteLength + 170))),
  }),
}

/** A small backlog comes again and again, until the worker has had so many events that its heap is as large as it gets. */
const MAX_SETTLING = 200_000

/** Measures each value of each thing once. */
export async function measureGrowth(sizes: Sizes, say: (line: string) => void): Promise<GrowthRow[]> {
  const { growth, workload, warmUpEvents } = sizes
  const rows: GrowthRow[] = []
  for (const [what, values] of Object.entries(growth) as [GrowthName, readonly number[]][]) {
    for (const value of values) {
      const spec = SPECS[what](workload, value)
      const times = what === "backlog" ? Math.ceil(Math.min(MAX_SETTLING, Math.max(...values)) / value) : 1
      const { eventsPerSecond, peakBytes, wrongEntities } = await measureOne(spec, warmUpEvents, times)
      say(`${what} ${value}: ${Math.round(eventsPerSecond)} events/s, ${Math.round(peakBytes / 2 ** 20)} MiB`)
      rows.push({ what, value, eventsPerSecond, peakBytes, wrongEntities })
    }
  }
  return rows
}

/** @param times how often the backlog comes; the last one is measured */
async function measureOne(spec: WorkloadSpec, warmUpEvents: number, times: number) {
  const running = await RunningContender.start(contenderNamed("fabra_500"), spec)
  try {
    await running.drain(Math.min(warmUpEvents, spec.events))
    for (let i = 1; i < times; i++) await running.drain(spec.events)
    const measurement = await running.drain(spec.events)
    return { ...measurement, wrongEntities: await running.countWrongEntities() }
  } finally {
    await running.stop()
  }
}
