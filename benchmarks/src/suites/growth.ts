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
    if (what === "backlog") for (const row of await measureBacklogs(workload, values)) add(row)
    else for (const value of values) add(await measureOne(what, value, SPECS[what](workload, value), warmUpEvents))
  }
  return rows
}

/** One worker has all backlogs, the smallest first: what its memory grows by is then theirs. */
async function measureBacklogs(spec: WorkloadSpec, values: readonly number[]): Promise<GrowthRow[]> {
  const running = await RunningContender.start(contenderNamed("fabra_500"), spec)
  try {
    const smallest = Math.min(...values)
    const settling = Math.min(MAX_SETTLING, Math.max(...values))
    for (let events = 0; events < settling; events += smallest) await running.drain(smallest)
    const measured: Omit<GrowthRow, "wrongEntities">[] = []
    for (const value of values) measured.push({ what: "backlog", value, ...(await running.drain(value)) })
    const wrongEntities = await running.countWrongEntities()
    return measured.map((row) => ({ ...row, wrongEntities }))
  } finally {
    await running.stop()
  }
}

async function measureOne(
  what: GrowthName,
  value: number,
  spec: WorkloadSpec,
  warmUpEvents: number,
): Promise<GrowthRow> {
  const running = await RunningContender.start(contenderNamed("fabra_500"), spec)
  try {
    await running.drain(Math.min(warmUpEvents, spec.events))
    return { what, value, ...(await running.drain(spec.events)), wrongEntities: await running.countWrongEntities() }
  } finally {
    await running.stop()
  }
}
