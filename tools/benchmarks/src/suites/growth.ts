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

const SPECS: Readonly<Record<Exclude<GrowthName, "backlog">, (base: WorkloadSpec, value: number) => WorkloadSpec>> = {
  features: (base, features) => ({ ...base, features, events: Math.min(base.events, MAX_VALUES / features) }),
  entities: (base, entities) => ({ ...base, entities }),
  value_length: (base, noteLength) => ({
    ...base,
    noteLength,
    events: Math.min(base.events, Math.ceil(MAX_CHARACTERS / (noteLength + 170))),
  }),
}

/** So many events come as backlogs of the smallest size first, until the worker's heap is as large as they make it. */
const MAX_SETTLING = 200_000

/** Measures each value of each thing once. */
export async function measureGrowth(sizes: Sizes, say: (line: string) => void): Promise<GrowthRow[]> {
  const { growth, workload, warmUpEvents } = sizes
  const rows: GrowthRow[] = []
  const add = (row: GrowthRow) => {
    const { what, value, eventsPerSecond, peakBytes } = row
    say(`${what} ${value}: ${Math.round(eventsPerSecond)} events/s, ${Math.round(peakBytes / 2 ** 20)} MiB`)
    rows.push(row)
  }
  for (const [what, values] of Object.entries(growth) as [GrowthName, readonly number[]][]) {
    if (what === "backlog") {
      const measured = await measure(workload, settling(values), values)
      for (const [i, one] of measured.entries()) add({ what, value: values[i] as number, ...one })
      continue
    }
    for (const value of values) {
      const spec = SPECS[what](workload, value)
      for (const one of await measure(spec, [Math.min(warmUpEvents, spec.events)], [spec.events]))
        add({ what, value, ...one })
    }
  }
  return rows
}

/** What comes before backlogs of these sizes, the smallest first. */
function settling(values: readonly number[]): number[] {
  const [smallest = 1] = values
  return Array(Math.ceil(Math.min(MAX_SETTLING, Math.max(...values)) / smallest)).fill(smallest)
}

type Measured = Omit<GrowthRow, "what" | "value">

/** One worker has all backlogs, one after the other, so that what its memory grows by is theirs. */
async function measure(
  spec: WorkloadSpec,
  before: readonly number[],
  backlogs: readonly number[],
): Promise<Measured[]> {
  const running = await RunningContender.start(contenderNamed("fabra_500"), spec)
  try {
    for (const events of before) await running.drain(events)
    const measurements: Measurement[] = []
    for (const events of backlogs) measurements.push(await running.drain(events))
    const wrongEntities = await running.countWrongEntities()
    return measurements.map(({ eventsPerSecond, peakBytes }) => ({ eventsPerSecond, peakBytes, wrongEntities }))
  } finally {
    await running.stop()
  }
}
