import type { Contender } from "../contender.js"
import { contenders } from "../contenders/index.js"
import { canPin, type Placement } from "../lib/placement.js"
import { interleave, type Spread, spreadOf } from "../lib/rounds.js"
import { measureDrain } from "../run.js"
import type { Sizes } from "../sizes.js"

/** One contender at one placement. */
export interface ThroughputRow {
  readonly name: string
  readonly title: string
  readonly placement: Placement
  readonly eventsPerSecond: Spread
  /** Microseconds of CPU per event, all worker processes. */
  readonly nodeUs: Spread
  /** The same of Redis; `null` without one. */
  readonly redisUs: Spread | null
  /** The most of all rounds; `null` for what computes nothing. */
  readonly wrongEntities: number | null
}

/** How fast each contender drains a backlog. */
export async function measureThroughput(
  { workload, rounds, quick }: Sizes,
  say: (line: string) => void,
): Promise<ThroughputRow[]> {
  const chosen = contenders.filter(({ isExtra = false }) => !(quick && isExtra))
  const cases = chosen.flatMap((contender) =>
    placementsFor(contender, quick).map((placement) => ({ contender, placement })),
  )
  const measured = await interleave(cases, rounds, async ({ contender, placement }) => {
    const measurement = await measureDrain(contender, workload, placement)
    say(`${contender.name} (${placement}): ${Math.round(measurement.eventsPerSecond)} events/s`)
    return measurement
  })
  return measured.map(([{ contender, placement }, all]) => ({
    name: contender.name,
    title: contender.title,
    placement,
    eventsPerSecond: spreadOf(all.map(({ eventsPerSecond }) => eventsPerSecond)),
    nodeUs: spreadOf(all.map(({ nodeUs }) => nodeUs)),
    redisUs: contender.embedded ? null : spreadOf(all.map(({ redisUs }) => redisUs ?? 0)),
    wrongEntities: contender.reader ? Math.max(...all.map(({ wrongEntities }) => wrongEntities ?? 0)) : null,
  }))
}

/** What helps nobody is left out: pinning without Redis, and all on one core but for those that like it. */
function placementsFor({ embedded, likesOneCore }: Contender, quick: boolean): Placement[] {
  if (embedded || !canPin) return ["free"]
  const pinned: Placement[] = quick ? [] : ["split"]
  return ["free", ...pinned, ...(likesOneCore ? (["shared"] as const) : [])]
}
